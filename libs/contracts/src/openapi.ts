import type { JsonObject, JsonValue } from './json';
import { faultCodes, problems } from './problems';
import { type Caller, type Route, routes, type ServiceName, serviceNames } from './routes';
import { jsonSchemas } from './schema';

/** Of the product, and so of what it answers. */
export const VERSION = '0.1.0';

const problemSchema: JsonObject = {
  type: 'object', required: ['type', 'title', 'status', 'code'],
  properties: {
    type: { type: 'string', format: 'uri-reference' }, title: { type: 'string' }, status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(problems) }, detail: { type: 'string' }, instance: { type: 'string', format: 'uri' },
    errors: { type: 'array', items: { type: 'object', required: ['pointer', 'detail'], properties: { pointer: { type: 'string' }, detail: { type: 'string' }, code: { type: 'string', description: `Says the same to programs: ${Object.keys(faultCodes).join(', ')}; more may come` }, params: { type: 'object', additionalProperties: { type: ['string', 'number'] } } } } },
  },
};

const problemAnswer = (description: string): JsonObject => ({
  description, content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
});

const pathParameters = (path: string): JsonObject[] =>
  [...path.matchAll(/\{(\w+)\}/g)].map((found) => ({ name: found[1]!, in: 'path', required: true, schema: { type: 'string' } }));

const queryParameters = (route: Route): JsonObject[] =>
  Object.entries(route.query ?? {}).map(([name, description]) => ({ name, in: 'query', description, schema: { type: 'string' } }));

const headerParameters = (route: Route): JsonObject[] => {
  const write = route.method !== 'GET' && route.service !== 'evaluator';
  const ifMatch: JsonObject = { name: 'If-Match', in: 'header', required: route.ifMatch === true, description: 'the ETag last read, "7"', schema: { type: 'string' } };
  const idempotency: JsonObject = { name: 'Idempotency-Key', in: 'header', description: 'the same key and body get the first answer again', schema: { type: 'string', maxLength: 255 } };
  return write ? [ifMatch, idempotency] : [];
};

const failures = (route: Route): JsonObject => ({
  ...(route.method === 'GET' ? {} : { '400': problemAnswer('Every fault of the request, with its pointer') }),
  ...(route.allow.includes('anyone') ? {} : { '401': problemAnswer('No or an unknown credential'), '403': problemAnswer('Not with this credential') }),
  ...(route.path.includes('{') ? { '404': problemAnswer('There is no such thing') } : {}),
  ...(route.ifMatch === true ? { '412': problemAnswer('Someone else changed this first'), '428': problemAnswer('If-Match is needed') } : {}),
  '503': problemAnswer('A dependency is away; Retry-After says when to try again'),
});

const operationOf = (route: Route): JsonObject => {
  const parameters = [...pathParameters(route.path), ...queryParameters(route), ...headerParameters(route)];
  const status = String(route.status ?? 200);
  return {
    operationId: `${route.method.toLowerCase()} ${route.path}`, summary: route.summary, tags: [route.path.split('/')[2] ?? route.service],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined ? {} : { requestBody: { required: true, content: { 'application/json': { schema: { $ref: `#/components/schemas/${route.body.name}` } } } } }),
    responses: { [status]: { description: 'Done', ...(status === '204' ? {} : { content: { 'application/json': {} } }) }, ...failures(route) },
    security: route.allow.includes('anyone') ? [] : [{ bearer: [] }, { apiKey: [] }],
    'x-allow': [...route.allow] as Caller[],
  };
};

const pathsOf = (table: readonly Route[]): JsonObject => {
  const paths: Record<string, Record<string, JsonValue>> = {};
  for (const route of table) (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(route);
  return paths;
};

// Only what the document refers to, directly or through another schema.
const schemasFor = (document: JsonObject): JsonObject => {
  const all = jsonSchemas();
  const wanted: JsonObject = { Problem: problemSchema };
  const collect = (text: string): void => {
    for (const [, name] of text.matchAll(/#\/components\/schemas\/(\w+)/g)) {
      if (name === undefined || name in wanted || all[name] === undefined) continue;
      wanted[name] = all[name];
      collect(JSON.stringify(all[name]));
    }
  };
  collect(JSON.stringify(document));
  return wanted;
};

const documentOf = (title: string, table: readonly Route[]): JsonObject => {
  const paths = pathsOf(table);
  return {
    openapi: '3.1.0', info: { title, version: VERSION, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } }, servers: [{ url: '/' }], paths,
    components: {
      schemas: schemasFor(paths),
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' }, apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' } },
    },
  };
};

/** The OpenAPI 3.1 document of one service, made from the table of routes and the shapes. */
export const openapiDocument = (service: ServiceName): JsonObject => documentOf(`Pataka ${service}`, routes.filter((route) => route.service === service));

/** One document of all four services, for the origin that serves them together. */
export const openapiOfAll = (): JsonObject => {
  const common = new Set(['/health/live', '/health/ready', '/metrics', '/openapi.json']);
  return documentOf('Pataka', serviceNames.flatMap((service, index) => routes.filter((route) => route.service === service && (index === 0 || !common.has(route.path)))));
};

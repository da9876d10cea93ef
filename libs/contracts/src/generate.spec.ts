import { Parser } from '@asyncapi/parser';
import { generatedDocuments, keptText, textOf } from './generate';
import { openapiOfAll, routes } from './index';
import type { JsonObject } from './index';

const documents = generatedDocuments();

describe('generated contracts', () => {
  it.each(Object.keys(documents))('%s is kept as it is generated (npx nx run contracts:generate renews it)', (file) => {
    expect(keptText(file)).toBe(textOf(documents[file]!));
  });

  it('describes topics in AsyncAPI that its own parser takes without an error', async () => {
    const { diagnostics } = await new Parser().parse(textOf(documents['asyncapi.json']!));
    expect(diagnostics.filter((diagnostic) => diagnostic.severity === 0).map(({ message, path }) => `${path.join('/')} ${message}`)).toEqual([]);
  });

  it('describes every route of the table, and resolves every reference', () => {
    const all = openapiOfAll();
    const paths = all['paths'] as Record<string, JsonObject>;
    for (const { method, path } of routes) expect(paths[path]?.[method.toLowerCase()]).toBeDefined();
    for (const document of [all, ...Object.values(documents)]) {
      for (const [, name] of JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
        const schemas = ((document['components'] as JsonObject | undefined)?.['schemas'] ?? document) as JsonObject;
        expect(schemas[name!]).toBeDefined();
      }
    }
  });
});

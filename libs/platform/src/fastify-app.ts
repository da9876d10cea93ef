import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { DomainError } from '@pataka/contracts';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { unwrapAnswer } from './answer';
import { checkContentType, collectBody, MAX_BODY_BYTES, parseJsonBody } from './body';
import type { AccessGuard } from './guard';
import { problemAnswer } from './problem';
import { stateOf } from './request';

// Keys may have 256 characters, each of up to 12 once percent-encoded.
const MAX_PARAMETER = 4096;

interface Served { method: string; pattern: RegExp }

const patternOf = (url: string): RegExp => {
  const escaped = url.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replace(/:[A-Za-z0-9_]+/g, '[^/]+')}$`);
};

/** Which methods a path is served with, so that a wrong one is told from a wrong path. */
export class ServedRoutes {
  private readonly served: Served[] = [];

  add(methods: string | readonly string[], url: string): void {
    for (const method of typeof methods === 'string' ? [methods] : methods) this.served.push({ method, pattern: patternOf(url) });
  }

  methodsOf(path: string): string[] {
    return this.served.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
  }
}

/** The problem for a method that a path is not served with; `not-found` where none is. */
export const unserved = (methods: readonly string[]): DomainError => {
  if (methods.length === 0) return new DomainError('not-found');
  const allow = [...new Set([...methods, 'OPTIONS'])].sort();
  return new DomainError('method-not-allowed', `This path takes ${allow.join(', ')}`, [], { allow });
};

const readInto = (request: IncomingMessage, done: (error: Error | null, body?: unknown) => void): void => {
  collectBody(request, MAX_BODY_BYTES, (error, bytes) => {
    if (error !== null) return done(error);
    try {
      if (request.headers['idempotency-key'] !== undefined) stateOf(request).bodyHash = hash('sha256', bytes);
      done(null, parseJsonBody(bytes));
    } catch (refusal) {
      done(refusal as Error);
    }
  });
};

const addJsonParser = (instance: FastifyInstance): void => {
  instance.removeAllContentTypeParsers();
  instance.addContentTypeParser('*', (request, _payload, done) => {
    try {
      checkContentType(request.raw);
    } catch (refusal) {
      return done(refusal as Error);
    }
    readInto(request.raw, done);
  });
};

const sendFrameworkProblem = (error: Error, request: FastifyRequest, reply: FastifyReply): void => {
  const answer = problemAnswer(error, stateOf(request.raw).id);
  void reply.code(answer.status).headers(answer.headers).send(Buffer.from(answer.body));
};

const refuseSchemas = (): never => {
  throw new Error('a route has a schema: bodies are checked by the classes of contracts, and nothing here compiles schemas');
};
/** Fastify would load its two compilers of schemas, a megabyte, though no route has any. */
const schemaController = { compilersFactory: { buildValidator: () => refuseSchemas, buildSerializer: () => refuseSchemas } };

/**
 * Fastify with our parser and the access guard in its first hook: a request that may not be made is refused before its body is read.
 * `otherMethods` tells which methods a path has outside Fastify.
 */
export const createFastify = (guard: AccessGuard, served: ServedRoutes, otherMethods: (path: string) => string[]): FastifyInstance => {
  const instance = fastify({
    logger: false, schemaController, bodyLimit: MAX_BODY_BYTES, requestIdHeader: false, forceCloseConnections: false,
    genReqId: (raw) => stateOf(raw as IncomingMessage).id,
    routerOptions: { maxParamLength: MAX_PARAMETER },
    frameworkErrors: sendFrameworkProblem as never,
  });
  addJsonParser(instance);
  instance.addHook('onRoute', (route) => served.add(route.method, route.url));
  instance.addHook('onRequest', (request, reply, done) => {
    if (request.is404) {
      const path = request.raw.url?.split('?')[0] ?? '';
      const refusal = unserved([...served.methodsOf(path), ...otherMethods(path)]);
      if (request.method !== 'OPTIONS' || refusal.code === 'not-found') return done(refusal);
      void reply.code(204).header('allow', (refusal.extensions['allow'] as string[]).join(', ')).send();
      return;
    }
    try {
      const state = stateOf(request.raw);
      const template = request.routeOptions.url ?? '';
      state.route = template.replace(/:([A-Za-z0-9_]+)/g, '{$1}');
      state.principal = guard.authorize(request.method, template, request.headers);
      done();
    } catch (refusal) {
      done(refusal as Error);
    }
  });
  instance.addHook('preSerialization', (_request, reply, payload, done) => done(null, unwrapAnswer(reply, payload)));
  return instance;
};

import type { FastifyReply } from 'fastify';

/** What a controller returns to say more than a body: status and headers. */
export class Answer<Body = unknown> {
  constructor(readonly status: number, readonly body: Body, readonly headers: Readonly<Record<string, string | string[]>> = {}) {}
}

/** A document with its version; what `handle` of event-sourcing gives has more, which stays inside. */
export interface Versioned<Document> { document: Document; version: number; replayed?: boolean }

const headersOf = <Document>(from: Versioned<Document>): Record<string, string> => ({
  etag: `"${from.version}"`, ...(from.replayed === true ? { 'idempotency-replayed': 'true' } : {}),
});

/** 200 with the document and its version as a strong ETag, for the next If-Match. */
export const versioned = <Document>(from: Versioned<Document>): Answer<Document> => new Answer(200, from.document, headersOf(from));

/** 201 with Location, the document and its ETag. */
export const created = <Document>(location: string, from: Versioned<Document>): Answer<Document> =>
  new Answer(201, from.document, { ...headersOf(from), location });

/**
 * Fastify's preSerialization hook that unwraps an Answer. Not a Nest interceptor: Nest sets the status of the route's decorator after its
 * interceptors have run, and would undo theirs.
 */
export const unwrapAnswer = (reply: FastifyReply, payload: unknown): unknown => {
  if (!(payload instanceof Answer)) return payload;
  reply.code(payload.status).headers(payload.headers);
  // A text is a body as it is: JSON that is to stay the same to the byte, or CSV.
  if (typeof payload.body === 'string') reply.serializer(String);
  return payload.body;
};

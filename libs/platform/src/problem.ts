import { STATUS_CODES, type ServerResponse } from 'node:http';
import { HttpException } from '@nestjs/common';
import { DomainError, problems, type Problem, type ProblemCode } from '@pataka/contracts';
import { Unavailable } from '@pataka/event-sourcing';

/** An error as it goes over the wire. `unexpected` marks what nobody foresaw and has to be logged with its stack. */
export interface ProblemAnswer { status: number; headers: Record<string, string>; body: string; code: ProblemCode; unexpected: boolean }

const PROBLEM_TYPE = 'application/problem+json';
const RETRY_AFTER_SECONDS = 2;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const byStatus: Record<number, ProblemCode> = {
  400: 'validation', 401: 'unauthenticated', 403: 'forbidden', 404: 'not-found', 405: 'method-not-allowed', 412: 'version-conflict',
  413: 'too-large', 414: 'validation', 415: 'unsupported-media-type', 428: 'precondition-required', 429: 'rate-limited', 501: 'not-implemented', 503: 'unavailable',
};

const codeOfStatus = (status: number): ProblemCode => byStatus[status] ?? (status >= 400 && status < 500 ? 'validation' : 'internal');

/** What Fastify and Nest throw themselves carries a status; its message may quote the input, so only the table's title is told. */
const statusOf = (error: unknown): number => {
  if (error instanceof HttpException) return error.getStatus();
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : 500;
};

/** Any error as a DomainError: `internal`, without a word of what it was, for everything that nobody foresaw. */
export const toDomainError = (error: unknown): DomainError => {
  if (error instanceof DomainError) return error;
  if (error instanceof Unavailable) {
    return new DomainError('unavailable', `${error.message}: try again shortly`, [], { retryAfterSeconds: error.retryAfterSeconds });
  }
  return new DomainError(codeOfStatus(statusOf(error)));
};

const retryAfter = (error: DomainError): string => {
  const seconds = error.extensions['retryAfterSeconds'];
  return String(typeof seconds === 'number' && seconds > 0 ? Math.ceil(seconds) : RETRY_AFTER_SECONDS);
};

const headersOf: Partial<Record<ProblemCode, (error: DomainError) => Record<string, string>>> = {
  unauthenticated: () => ({ 'www-authenticate': 'Bearer' }),
  unavailable: (error) => ({ 'retry-after': retryAfter(error) }),
  'rate-limited': (error) => ({ 'retry-after': retryAfter(error) }),
  'method-not-allowed': (error) => ({ allow: (error.extensions['allow'] as string[] | undefined ?? []).join(', ') }),
  // What is left of a body that nobody will read must not be taken for the next request.
  'too-large': () => ({ connection: 'close' }),
};

/** `instance` of RFC 9457 has to be a URI: a request id that its caller chose need not be a UUID. */
const instanceOf = (requestId: string): string =>
  UUID.test(requestId) ? `urn:uuid:${requestId.toLowerCase()}` : `urn:pataka:request:${encodeURIComponent(requestId)}`;

/** An RFC 9457 answer for any error. */
export const problemAnswer = (thrown: unknown, requestId?: string): ProblemAnswer => {
  const error = toDomainError(thrown);
  const [status, title] = problems[error.code];
  const problem: Problem = {
    ...error.extensions, type: `/problems/${error.code}`, title, status, code: error.code, detail: error.message,
    ...(requestId === undefined ? {} : { instance: instanceOf(requestId) }),
    ...(error.faults.length === 0 ? {} : { errors: [...error.faults] }),
  };
  return {
    status, code: error.code, body: JSON.stringify(problem), unexpected: error.code === 'internal',
    headers: { 'content-type': PROBLEM_TYPE, ...headersOf[error.code]?.(error) },
  };
};

/** Answers JSON that is already text. Does nothing once headers are out or the caller has gone. */
export const sendJson = (response: ServerResponse, status: number, text: string | Buffer, headers: Record<string, string> = {}): void => {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(text), ...headers });
  response.end(text);
};

/** Answers any error as application/problem+json; ends the connection when an answer is already under way. */
export const sendProblem = (response: ServerResponse, error: unknown, requestId?: string): ProblemAnswer => {
  const answer = problemAnswer(error, requestId);
  if (response.headersSent) response.destroy();
  else sendJson(response, answer.status, answer.body, answer.headers);
  return answer;
};

/** A whole answer as bytes, for a connection whose request could not even be parsed. */
export const rawProblem = (status: 400 | 408 | 431): string => {
  const { body } = problemAnswer(new DomainError('validation', `The request could not be read (${STATUS_CODES[status]})`));
  const text = JSON.stringify({ ...(JSON.parse(body) as Problem), status });
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${PROBLEM_TYPE}\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
};

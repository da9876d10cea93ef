import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { DomainError, type Principal } from '@pataka/contracts';
import type { CommandContext } from '@pataka/event-sourcing';
import type { FastifyRequest } from 'fastify';
import { stateOf, traceparentOf } from './request';

/** A command's context as HTTP gives it; `anyVersion` is `If-Match: *`. */
export type HttpCommandContext = CommandContext & { anyVersion?: true };

// A tag that no stream ever has: the strong comparison of If-Match fails, as it must for weak tags.
const NEVER = -1;
const MAX_REASON = 1000;

const invalid = (header: string, detail: string): DomainError => new DomainError('validation', `${header}: ${detail}`);

const headerOf = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return typeof value === 'string' ? value.trim() : undefined;
};

/** @throws DomainError `validation` for what is no entity tag of ours. */
export const parseIfMatch = (value: string | undefined): Pick<HttpCommandContext, 'expectedVersion' | 'anyVersion'> => {
  if (value === undefined) return {};
  if (value === '*') return { anyVersion: true };
  if (/^W\/"\d{1,15}"$/.test(value)) return { expectedVersion: NEVER };
  const version = /^"(\d{1,15})"$/.exec(value)?.[1];
  if (version === undefined) throw invalid('If-Match', 'takes one version in quotes, "7", or *');
  return { expectedVersion: Number(version) };
};

const latin1AsUtf8 = (text: string): string => {
  const decoded = Buffer.from(text, 'latin1').toString('utf8');
  return decoded.includes('\ufffd') ? text : decoded;
};

const percentDecoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    // "up by 20 %" is a reason, too.
    return text;
  }
};

/** Browsers send only Latin-1 in a header, so a reason may come percent-encoded; others send UTF-8 as it is. */
const reasonOf = (request: IncomingMessage): string | undefined => {
  const given = headerOf(request, 'x-reason');
  const reason = given === undefined ? new URLSearchParams((request.url ?? '').split('?')[1] ?? '').get('comment')?.trim() : percentDecoded(latin1AsUtf8(given));
  if (reason === undefined || reason === '') return undefined;
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (reason.length > MAX_REASON || /[\u0000-\u001f\u007f]/.test(reason) || !reason.isWellFormed()) throw invalid('X-Reason', `takes up to ${MAX_REASON} characters of plain text`);
  return reason;
};

const idempotencyOf = (request: IncomingMessage, principal: Principal): CommandContext['idempotency'] => {
  const key = headerOf(request, 'idempotency-key');
  if (key === undefined) return undefined;
  if (!/^[\x21-\x7e]{1,255}$/.test(key)) throw invalid('Idempotency-Key', 'takes 1 to 255 visible ASCII characters');
  // The caller is part of it: nobody gets another one's answer by guessing a key.
  const parts = [principal.keyId, request.method ?? '', request.url ?? '', stateOf(request).bodyHash];
  return { key, fingerprint: hash('sha256', JSON.stringify(parts)) };
};

/** Who and why, what the caller believes, and how a retry is told, from a request whose access has been checked. */
export const commandContextOf = (request: IncomingMessage): HttpCommandContext => {
  const state = stateOf(request);
  if (state.principal === null) throw new DomainError('unauthenticated');
  const reason = reasonOf(request);
  const traceparent = traceparentOf(request, state);
  const idempotency = idempotencyOf(request, state.principal);
  return {
    meta: {
      actor: state.principal.subject, correlationId: state.correlationId, ...(reason === undefined ? {} : { reason }), ...(traceparent === undefined ? {} : { traceparent }),
    },
    ...parseIfMatch(headerOf(request, 'if-match')),
    ...(idempotency === undefined ? {} : { idempotency }),
  };
};

/** @throws DomainError `precondition-required` (428) when the request came without If-Match; `*` is one. */
export const requireIfMatch = (context: HttpCommandContext): void => {
  if (context.expectedVersion === undefined && context.anyVersion === undefined) {
    throw new DomainError('precondition-required', 'Send If-Match with the ETag you have read, so that nobody’s change is lost');
  }
};

const rawOf = (context: ExecutionContext): IncomingMessage => context.switchToHttp().getRequest<FastifyRequest>().raw;

/** Parameter of a controller's method: the Principal who calls. */
export const Caller = createParamDecorator((_data: unknown, context: ExecutionContext): Principal => {
  const { principal } = stateOf(rawOf(context));
  if (principal === null) throw new DomainError('unauthenticated');
  return principal;
});

/** Parameter of a controller's method: the HttpCommandContext of its command. */
export const Command = createParamDecorator((_data: unknown, context: ExecutionContext): HttpCommandContext => commandContextOf(rawOf(context)));

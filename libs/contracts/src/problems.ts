/** Every problem that HTTP answers: RFC 9457 type suffix -> status and fixed title. The key is also the specification's stable `code`. */
export const problems = {
  validation: [400, 'The request is not valid'],
  'malformed-json': [400, 'The body is not valid JSON'],
  unauthenticated: [401, 'A valid credential is needed'],
  forbidden: [403, 'This credential may not do that'],
  'not-found': [404, 'There is nothing here'],
  'method-not-allowed': [405, 'This path does not take that method'],
  'flag-not-found': [404, 'There is no such flag'],
  'experiment-not-found': [404, 'There is no such experiment'],
  'already-exists': [409, 'That key is taken'],
  'illegal-transition': [409, 'That is not possible in the present status'],
  'not-ready': [409, 'It is not ready for that'],
  'has-dependents': [409, 'Others depend on this'],
  'owned-by-experiment': [409, 'An experiment owns this rule'],
  'prerequisite-cycle': [400, 'Prerequisites form a cycle'],
  'idempotency-key-reused': [409, 'This Idempotency-Key was used for another request'],
  'version-conflict': [412, 'Someone else changed this first'],
  'precondition-required': [428, 'If-Match is needed'],
  'too-large': [413, 'The body is too large'],
  'unsupported-media-type': [415, 'Only application/json is taken'],
  'rate-limited': [429, 'Too many requests'],
  internal: [500, 'Something failed on our side'],
  'not-implemented': [501, 'Not available in this version'],
  unavailable: [503, 'A dependency is away; try again'],
} as const satisfies Record<string, readonly [number, string]>;

/** A key of `problems`. */
export type ProblemCode = keyof typeof problems;

/** Kinds of faults that programs can tell apart, with the parameters that a sentence about one needs. There may be more some day. */
export const faultCodes = {
  missing: ['name'], 'unknown-member': ['name'], type: ['type'], 'one-of': ['allowed'], pattern: [], invalid: [],
  'too-short': ['limit'], 'too-long': ['limit'], 'too-small': ['limit'], 'too-large': ['limit'], 'too-few': ['limit'], 'too-many': ['limit'],
  'too-deep': ['limit'], 'bad-character': [], 'not-finite': [], 'integer-too-large': [], 'reserved-name': ['name'], repeated: ['name'],
  'unknown-flag': ['name'], 'unknown-environment': ['name', 'allowed'], cycle: ['path'], 'weights-sum': ['sum'], 'value-or-split': [], 'not-after': [], taken: [], 'weak-password': [],
} as const satisfies Record<string, readonly string[]>;
export type FaultCode = keyof typeof faultCodes;

/**
 * One fault of an input. `pointer` is a JSON pointer into the body (`/rules/0/value`), '' for the whole; `detail` is English. Where `code` is
 * given, it and `params` say the same to a program, which can say it in any language.
 */
export interface Fault { pointer: string; detail: string; code?: FaultCode; params?: Record<string, string | number> }

/** The body of every error answer. */
export interface Problem { type: string; title: string; status: number; code: ProblemCode; detail?: string; instance?: string; errors?: Fault[]; [extension: string]: unknown }

/** The only error that domain code throws. Carries a problem code; faults name every fault of an input at once. */
export class DomainError extends Error {
  constructor(
    readonly code: ProblemCode,
    detail?: string,
    readonly faults: readonly Fault[] = [],
    readonly extensions: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail ?? problems[code][1]);
  }
}

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

/** One fault of an input. `pointer` is a JSON pointer into the body (`/rules/0/value`), '' for the whole. */
export interface Fault { pointer: string; detail: string }

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

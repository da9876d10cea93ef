import type { ServerResponse } from 'node:http';
import { type Context, ENGINE_VERSION, type ErrorCode, evaluate, type Evaluation, prepareContext } from '@pataka/evaluation';
import { type Durations, type HotRequest, type HotRoute, hotRoute, sendHot } from '@pataka/platform';
import { matches } from '../etag';
import type { EvaluationCounts } from '../events/evaluation-counts';
import type { Exposures } from '../events/exposures';
import { type KeyPrincipal, keyPrincipalOf } from '../key-principal';
import type { RulesetState } from '../ruleset/ruleset-state';
import type { StreamTokens } from '../stream/stream-tokens';
import { AnswerBook } from './answer-book';
import { AnswerList } from './answer-list';
import { experimentTail } from './flag-answers';
import { bodyFailure, failureText } from './ofrep-errors';

/** What the evaluation routes rest on. */
export interface OfrepParts {
  state: RulesetState;
  exposures: Exposures;
  counts: EvaluationCounts;
  tokens: StreamTokens;
  stale: () => boolean;
  /** Throws `unavailable` while there are no rules. */
  needRules: () => void;
  now: () => number;
  /** Hears how long each evaluation took, a bulk one as a whole. */
  timed: Durations;
}

type Prepared = { context: Context; attributes: Record<string, unknown> };
type Unfit = { errorDetails: string };

const MAX_CONTEXT_BYTES = 256 * 1024;
const INACTIVITY_SECONDS = 120;
const CATCH_UP_MS = 2_000;

const prepare = (body: unknown): Prepared | Unfit => {
  const raw = typeof body === 'object' && body !== null ? (body as { context?: unknown }).context : undefined;
  if (raw === undefined) return { errorDetails: 'the body has no context' };
  const context = prepareContext(raw);
  return 'errorCode' in context ? { errorDetails: context.errorDetails } : { context, attributes: raw as Record<string, unknown> };
};

const fail = (request: HotRequest, response: ServerResponse, { status, text }: { status: number; text: string }): void => sendHot(request, response, status, text);

/** A refused body as OFREP says it; @throws what is no matter of OFREP. */
const refused = (key: string | undefined, error: unknown): { status: number; text: string } => {
  const failure = bodyFailure(key, error);
  if (failure === null) throw error;
  return failure;
};

/** The routes of OFREP: single and bulk evaluation. */
export class OfrepRoutes {
  readonly #answers: AnswerBook;
  readonly #list = new AnswerList();

  constructor(private readonly parts: OfrepParts) {
    this.#answers = new AnswerBook(parts.state, parts.counts);
  }

  routes(): HotRoute[] {
    const json = { limit: MAX_CONTEXT_BYTES, refused: (request: HotRequest, response: ServerResponse, error: unknown) => fail(request, response, refused(request.params['key'], error)) };
    return [
      hotRoute('POST', '/ofrep/v1/evaluate/flags/{key}', (request, response) => this.#single(request, response), { json, collected: true }),
      hotRoute('POST', '/ofrep/v1/evaluate/flags', (request, response) => this.#bulk(request, response), { json, collected: true }),
    ];
  }

  #single(request: HotRequest, response: ServerResponse): void {
    const begun = performance.now();
    const principal = keyPrincipalOf(request);
    this.parts.needRules();
    this.#answer(request, response, { key: request.params['key']!, principal, prepared: prepare(request.body) });
    this.#timed(begun);
  }

  #answer(request: HotRequest, response: ServerResponse, { key, principal, prepared }: { key: string; principal: KeyPrincipal; prepared: Prepared | Unfit }): void {
    const { state, counts } = this.parts;
    if ('errorDetails' in prepared) return this.#refuse(request, response, principal, failureText(key, 'INVALID_CONTEXT', prepared.errorDetails), 'INVALID_CONTEXT');
    const nowMs = this.parts.now();
    counts.at(nowMs);
    const answers = this.#answers.one(principal.environment, principal.kind, key, this.parts.stale());
    if (answers === undefined) return this.#refuse(request, response, principal, failureText(key, 'FLAG_NOT_FOUND', `there is no flag "${key}"`), 'FLAG_NOT_FOUND');
    const evaluation = evaluate(state.compiled(principal.environment), key, prepared.context, nowMs);
    if (evaluation.errorCode !== undefined) {
      answers.failed(evaluation.errorCode).count += 1;
      return fail(request, response, failureText(key, evaluation.errorCode, evaluation.errorDetails));
    }
    const fragment = answers.of(evaluation);
    fragment.counter.count += 1;
    sendHot(request, response, 200, fragment.experiment ? fragment.text + experimentTail(evaluation) : fragment.text);
    if (fragment.experiment && request.headers['x-exposure'] !== 'none') this.#expose(key, principal, prepared, evaluation);
  }

  #bulk(request: HotRequest, response: ServerResponse): void | Promise<void> {
    const principal = keyPrincipalOf(request);
    this.parts.needRules();
    const prepared = prepare(request.body);
    if ('errorDetails' in prepared) return this.#refuse(request, response, principal, failureText(undefined, 'INVALID_CONTEXT', prepared.errorDetails), 'INVALID_CONTEXT');
    if (request.query === '') return this.#answerAll(request, response, principal, prepared);
    return this.#caughtUp(request.query).then(() => this.#answerAll(request, response, principal, prepared));
  }

  #answerAll(request: HotRequest, response: ServerResponse, principal: KeyPrincipal, prepared: Prepared): void {
    const begun = performance.now();
    const { state, counts } = this.parts;
    const nowMs = this.parts.now();
    counts.at(nowMs);
    const pages = this.#answers.all(principal.environment, principal.kind, this.parts.stale());
    const list = this.#list;
    list.begin();
    state.compiled(principal.environment).run += 1;
    for (let index = 0; index < pages.length; index += 1) pages[index]!.answer(prepared.context, nowMs, list);
    const etag = list.etag();
    const headers = ['etag', etag, 'cache-control', 'no-cache'];
    if (matches(request.headers['if-none-match'], etag)) return sendHot(request, response, 304, null, headers);
    const metadata = `{"flagSetVersion":${state.position},"engine":"${ENGINE_VERSION}"}`;
    const { bytes, room } = list.body(`,"metadata":${metadata},"eventStreams":[${this.#eventStream(principal)}]}`);
    response.on('finish', () => list.giveBack(room));
    sendHot(request, response, 200, bytes, headers);
    this.#timed(begun);
  }

  #refuse(request: HotRequest, response: ServerResponse, { environment }: KeyPrincipal, failure: { status: number; text: string }, errorCode: ErrorCode): void {
    this.parts.counts.refused(environment, errorCode);
    fail(request, response, failure);
  }

  #timed(begun: number): void {
    this.parts.timed.observe((performance.now() - begun) / 1000);
  }

  #expose(flagKey: string, principal: KeyPrincipal, { context, attributes }: Prepared, evaluation: Evaluation): void {
    const targetingKey = context.targetingKey ?? evaluation.unit;
    if (targetingKey === undefined) return;
    this.parts.exposures.record({ flagKey, environment: principal.environment, position: this.parts.state.position, targetingKey, attributes, evaluation });
  }

  #eventStream(principal: KeyPrincipal): string {
    return `{"type":"sse","endpoint":{"requestUri":"/ofrep/v1/stream?token=${this.parts.tokens.recent(principal)}"},"inactivityDelaySec":${INACTIVITY_SECONDS}}`;
  }

  /** A client that was told of a newer configuration than this node has waits a little for it. */
  async #caughtUp(query: string): Promise<void> {
    const { state } = this.parts;
    const wanted = Number(new URLSearchParams(query).get('flagConfigEtag')?.replaceAll('"', '') ?? 0);
    if (!Number.isSafeInteger(wanted) || state.has(wanted)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        off();
        resolve();
      };
      const timer = setTimeout(done, CATCH_UP_MS);
      const off = state.onChange(() => { if (state.has(wanted)) done(); });
    });
  }
}

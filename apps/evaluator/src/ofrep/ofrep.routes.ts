import type { ServerResponse } from 'node:http';
import type { Flag } from '@pataka/contracts';
import { type Context, type Evaluation, evaluate, prepareContext } from '@pataka/evaluation';
import { type HotRequest, type HotRoute, hotRoute, readJson, sendJson } from '@pataka/platform';
import { etagOf, matches } from '../etag';
import type { EvaluationCounts } from '../events/evaluation-counts';
import type { Exposures } from '../events/exposures';
import { type KeyPrincipal, keyPrincipalOf } from '../key-principal';
import type { RulesetState } from '../ruleset/ruleset-state';
import type { StreamTokens } from '../stream/stream-tokens';
import { AnswerTexts } from './answer-text';
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
}

type Prepared = { context: Context; attributes: Record<string, unknown> };

const MAX_CONTEXT_BYTES = 256 * 1024;
const INACTIVITY_SECONDS = 120;
const CATCH_UP_MS = 2_000;

const visible = (flag: Flag | undefined, principal: KeyPrincipal): flag is Flag =>
  flag !== undefined && (principal.kind === 'server' || flag.clientVisible === true);

const prepare = (body: unknown): Prepared | { errorDetails: string } => {
  const raw = typeof body === 'object' && body !== null ? (body as { context?: unknown }).context : undefined;
  if (raw === undefined) return { errorDetails: 'the body has no context' };
  const context = prepareContext(raw);
  return 'errorCode' in context ? { errorDetails: context.errorDetails } : { context, attributes: raw as Record<string, unknown> };
};

/** The routes of OFREP: single and bulk evaluation. */
export class OfrepRoutes {
  readonly #texts = new AnswerTexts();

  constructor(private readonly parts: OfrepParts) {}

  routes(): HotRoute[] {
    return [
      hotRoute('POST', '/ofrep/v1/evaluate/flags/{key}', (request, response) => this.#single(request, response)),
      hotRoute('POST', '/ofrep/v1/evaluate/flags', (request, response) => this.#bulk(request, response)),
    ];
  }

  async #single(request: HotRequest, response: ServerResponse): Promise<void> {
    const key = request.params['key']!;
    const principal = keyPrincipalOf(request);
    const prepared = await this.#read(request, response, key);
    if (prepared === null) return;
    const flag = this.parts.state.flag(key);
    if (!visible(flag, principal)) {
      const { status, text } = failureText(key, 'FLAG_NOT_FOUND', `there is no flag "${key}"`);
      return sendJson(response, status, text);
    }
    const evaluation = this.#evaluate(flag.key, principal.environment, prepared.context);
    if (evaluation.errorCode !== undefined) {
      const { status, text } = failureText(key, evaluation.errorCode, evaluation.errorDetails);
      return sendJson(response, status, text);
    }
    sendJson(response, 200, this.#texts.text(flag, evaluation, this.parts.stale()));
    if (evaluation.experimentId !== undefined && request.headers['x-exposure'] !== 'none') this.#expose(flag, principal, prepared, evaluation);
  }

  async #bulk(request: HotRequest, response: ServerResponse): Promise<void> {
    const principal = keyPrincipalOf(request);
    const prepared = await this.#read(request, response, undefined);
    if (prepared === null) return;
    await this.#caughtUp(request.query);
    const stale = this.parts.stale();
    const items: string[] = [];
    for (const key of this.parts.state.flagKeys()) {
      const flag = this.parts.state.flag(key);
      if (!visible(flag, principal)) continue;
      const evaluation = this.#evaluate(key, principal.environment, prepared.context);
      items.push(evaluation.errorCode === undefined ? this.#texts.text(flag, evaluation, stale) : failureText(key, evaluation.errorCode, evaluation.errorDetails).text);
    }
    const flags = `[${items.join(',')}]`;
    const etag = etagOf(flags);
    const headers = { etag, 'cache-control': 'no-cache' };
    if (matches(request.headers['if-none-match'], etag)) return void response.writeHead(304, headers).end();
    sendJson(response, 200, `{"flags":${flags},"metadata":{"flagSetVersion":${this.parts.state.position}},"eventStreams":[${this.#eventStream(principal)}]}`, headers);
  }

  /** The context of a request; null once a failure has been answered. */
  async #read(request: HotRequest, response: ServerResponse, key: string | undefined): Promise<Prepared | null> {
    this.parts.needRules();
    const failed = (failure: { status: number; text: string }): null => {
      sendJson(response, failure.status, failure.text);
      return null;
    };
    let body: unknown;
    try {
      body = await readJson(request.raw, MAX_CONTEXT_BYTES);
    } catch (error) {
      const failure = bodyFailure(key, error);
      if (failure === null) throw error;
      return failed(failure);
    }
    const prepared = prepare(body);
    return 'errorDetails' in prepared ? failed(failureText(key, 'INVALID_CONTEXT', prepared.errorDetails)) : prepared;
  }

  #evaluate(key: string, environment: string, context: Context): Evaluation {
    const evaluation = evaluate(this.parts.state.compiled(environment), key, context, this.parts.now());
    this.parts.counts.add(key, environment, evaluation.variant, evaluation.errorCode);
    return evaluation;
  }

  #expose(flag: Flag, principal: KeyPrincipal, { context, attributes }: Prepared, evaluation: Evaluation): void {
    const targetingKey = context.targetingKey ?? evaluation.unit;
    if (targetingKey === undefined) return;
    this.parts.exposures.record({ flagKey: flag.key, environment: principal.environment, position: this.parts.state.position, targetingKey, attributes, evaluation });
  }

  #eventStream(principal: KeyPrincipal): string {
    const requestUri = `/ofrep/v1/stream?token=${this.parts.tokens.issue(principal)}`;
    return JSON.stringify({ type: 'sse', endpoint: { requestUri }, inactivityDelaySec: INACTIVITY_SECONDS });
  }

  /** A client that was told of a newer configuration than this node has waits a little for it. */
  async #caughtUp(query: string): Promise<void> {
    const wanted = Number(new URLSearchParams(query).get('flagConfigEtag')?.replaceAll('"', '') ?? 0);
    if (!Number.isSafeInteger(wanted) || wanted <= this.parts.state.position) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        off();
        resolve();
      };
      const timer = setTimeout(done, CATCH_UP_MS);
      const off = this.parts.state.onChange(() => { if (this.parts.state.position >= wanted) done(); });
    });
  }
}

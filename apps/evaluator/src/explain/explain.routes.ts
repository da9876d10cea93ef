import type { ServerResponse } from 'node:http';
import { DomainError, type ExplainAnswer, ExplainRequest, parse } from '@pataka/contracts';
import { type Context, ENGINE_VERSION, explain, type Explanation, parseInstant, prepareContext } from '@pataka/evaluation';
import { type HotRequest, type HotRoute, hotRoute, readJson, sendJson } from '@pataka/platform';
import type { KeyListFollower } from '../lists/key-list-follower';
import type { RulesetState } from '../ruleset/ruleset-state';
import { basisOf } from './basis';
import type { ChangeHistory } from './change-history';
import { PastRulesets } from './past-rulesets';

interface Parts { state: RulesetState; history: ChangeHistory; lists: KeyListFollower; needRules: () => void; environments: () => string[]; now: () => number }
/** A question whose every part makes sense. */
interface Asked { request: ExplainRequest; environment: string; context: Context; atMs: number | undefined; nowMs: number }
type Found = Pick<ExplainAnswer<Explanation>, 'position' | 'explanation' | 'basis' | 'lastChange'> & { notes: string[] };

const instantText = (ms: number): string => new Date(ms).toISOString();

/** Why a context gets what it gets, got what it got at any past instant, and will get by today's rules. */
export class ExplainRoutes {
  readonly #past: PastRulesets;

  constructor(private readonly parts: Parts) {
    this.#past = new PastRulesets(parts.history, (segments) => parts.lists.past(segments));
  }

  routes(): HotRoute[] {
    return [hotRoute('POST', '/v1/explain', (request, response) => this.#explain(request, response))];
  }

  async #explain(raw: HotRequest, response: ServerResponse): Promise<void> {
    this.parts.needRules();
    const asked = this.#read(raw, await readJson(raw.raw));
    const { request, environment } = asked;
    const { notes, ...found } = await this.#find(asked);
    const { explanation, lastChange, ...rest } = found;
    const answer: ExplainAnswer<Explanation> = {
      source: 'recomputed', recorded: false, environment, context: request.context ?? {}, at: instantText(explanation.atMs), ...rest,
      engine: { version: ENGINE_VERSION, asked: request.engine ?? null, same: request.engine === undefined ? null : request.engine === ENGINE_VERSION },
      ...(lastChange === undefined ? {} : { lastChange }), notes: [...notes, ...notesOn(asked, explanation)], explanation,
    };
    sendJson(response, 200, JSON.stringify(answer));
  }

  #read(raw: HotRequest, body: unknown): Asked {
    const request = parse(ExplainRequest, body ?? {});
    const atMs = request.at === undefined ? undefined : parseInstant(request.at);
    if (request.at !== undefined && atMs === undefined) throw fault('/at', 'is no instant that exists');
    const context = prepareContext(request.context);
    if ('errorCode' in context) throw fault(pointerOf(context.errorDetails), context.errorDetails);
    return { request, environment: this.#environmentOf(raw, request.environment), context, atMs, nowMs: this.parts.now() };
  }

  #environmentOf({ principal }: HotRequest, given: string | undefined): string {
    if (principal !== null && principal.kind !== 'management') {
      if (given !== undefined && given !== principal.environment) throw fault('/environment', `this key belongs to ${principal.environment}`);
      return principal.environment;
    }
    const environment = given ?? 'production';
    if (!this.parts.environments().includes(environment)) throw fault('/environment', 'is not a known environment');
    return environment;
  }

  async #find(asked: Asked): Promise<Found> {
    const { request: { position }, atMs, nowMs } = asked;
    if (position !== undefined) {
      await this.parts.history.need(position);
      return this.#findPast(asked, position, 'position');
    }
    if (atMs === undefined || atMs > nowMs) return this.#findServed(asked, atMs === undefined ? 'present' : 'future');
    return this.#findPast(asked, await this.parts.history.positionAt(atMs), 'past');
  }

  #findServed({ request, environment, context, atMs, nowMs }: Asked, kind: 'present' | 'future'): Found {
    const { state } = this.parts;
    const explanation = explain(state.compiled(environment), request.flagKey, context, atMs ?? nowMs);
    return { position: state.position, explanation, basis: basisOf(kind), notes: [] };
  }

  async #findPast({ request: { flagKey }, environment, context, atMs, nowMs }: Asked, position: number, kind: 'past' | 'position'): Promise<Found> {
    const { ruleset, lastChange, unreadable } = await this.#past.at(position, environment, flagKey);
    const explanation = explain(ruleset, flagKey, context, atMs ?? nowMs);
    return { position, explanation, basis: basisOf(kind), ...(lastChange === undefined ? {} : { lastChange }), notes: [...unreadable, ...this.#absence(position, flagKey, explanation)] };
  }

  /** Why there is no such flag in the past: it may be too far back, or the flag may be younger. */
  #absence(position: number, flagKey: string, { evaluation }: Explanation): string[] {
    if (evaluation.errorCode !== 'FLAG_NOT_FOUND') return [];
    const first = this.parts.history.first();
    if (first === null || position < first.position) return [`that lies before the first event${first === null ? '' : ` (${instantText(first.timeMs)})`}: there was nothing yet`];
    const { index } = this.parts.history.flags;
    const made = index.entriesOf(flagKey, Number.MAX_SAFE_INTEGER)[0];
    return made === undefined ? [] : [`the flag was made later, at position ${index.at(made).position} on ${instantText(index.at(made).timeMs)}`];
  }
}

const notesOn = ({ request, atMs }: Asked, { atMs: judgedMs }: Explanation): string[] => [
  ...(atMs !== undefined && atMs !== judgedMs ? [`the context has a timestamp of its own: schedules and calendars are judged at ${instantText(judgedMs)}`] : []),
  ...(request.position !== undefined && atMs === undefined ? [`no instant was given with the position: schedules and calendars are judged at ${instantText(judgedMs)}`] : []),
  ...(request.engine !== undefined && request.engine !== ENGINE_VERSION ? [`engine ${request.engine} decided then, engine ${ENGINE_VERSION} computes now: where they differ, so may the answers`] : []),
];

/** Refusals of a context begin with the member that they are about, where it is one. */
const pointerOf = (detail: string): string => {
  const member = /^(targetingKey|user_id|timestamp)\b/.exec(detail)?.[1];
  return member === undefined ? '/context' : `/context/${member}`;
};

const fault = (pointer: string, detail: string): DomainError => new DomainError('validation', detail, [{ pointer, detail }]);

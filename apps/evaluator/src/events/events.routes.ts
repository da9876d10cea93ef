import { isUtf8 } from 'node:buffer';
import type { ServerResponse } from 'node:http';
import { DomainError, type Fault } from '@pataka/contracts';
import { checkContentType, type HotRequest, type HotRoute, hotRoute, readBody, sendJson } from '@pataka/platform';
import { type KeyPrincipal, keyPrincipalOf } from '../key-principal';
import type { ClientRules } from './client-rules';
import type { BufferedEvent, EventBuffer } from './event-buffer';
import { type IntakeContext, takeEvent } from './event-intake';

const MAX_EVENTS = 1_000;
const MAX_BYTES = 1_048_576;

/** The list of events in a body. @throws DomainError where there is no such list */
const eventsOf = (body: Buffer): unknown[] => {
  if (!isUtf8(body)) throw new DomainError('malformed-json', 'The body is not valid UTF-8');
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    throw new DomainError('malformed-json', 'The body is not valid JSON');
  }
  const events = typeof parsed === 'object' && parsed !== null ? (parsed as { events?: unknown }).events : undefined;
  const fault = (pointer: string, detail: string): DomainError => new DomainError('validation', detail, [{ pointer, detail }]);
  if (!Array.isArray(events)) throw fault('/events', 'must be a list of events');
  const unknown = Object.keys(parsed as object).find((name) => name !== 'events');
  if (unknown !== undefined) throw fault(`/${unknown}`, `"${unknown}" is not a known member`);
  if (events.length > MAX_EVENTS) throw fault('/events', `has more than ${MAX_EVENTS} events`);
  return events;
};

/** A report of counts is as many events on the log as it has counts. */
const weightOf = (event: unknown): number => {
  const counts = typeof event === 'object' && event !== null ? (event as { counts?: unknown }).counts : undefined;
  return Array.isArray(counts) ? Math.max(1, counts.length) : 1;
};

/** `POST /v1/events`: the good events of a batch are taken, the bad are named, and 202 means that the log has the good ones. */
export class EventsRoute {
  constructor(private readonly parts: { buffer: EventBuffer; clientRules: ClientRules; now: () => number }) {}

  routes(): HotRoute[] {
    return [hotRoute('POST', '/v1/events', (request, response) => this.#take(request, response))];
  }

  async #take(request: HotRequest, response: ServerResponse): Promise<void> {
    const principal = keyPrincipalOf(request);
    checkContentType(request.raw);
    const body = await readBody(request.raw, MAX_BYTES);
    const raw = eventsOf(body);
    if (principal.kind === 'client') this.parts.clientRules.spend(principal.keyId, raw.reduce((sum: number, event) => sum + weightOf(event), 0));
    const context = this.#contextOf(principal, !body.includes('\\u'));
    const events: BufferedEvent[] = [];
    const rejected: { index: number; detail: string; errors: Fault[] }[] = [];
    raw.forEach((event, index) => {
      const taken = takeEvent(event, context);
      if ('events' in taken) events.push(...taken.events);
      else rejected.push({ index, detail: taken.faults.map(({ pointer, detail }) => `${pointer} ${detail}`.trim()).join('; '), errors: taken.faults });
    });
    await this.parts.buffer.append(events);
    sendJson(response, 202, JSON.stringify({ accepted: raw.length - rejected.length, rejected }));
  }

  #contextOf(principal: KeyPrincipal, withoutEscapes: boolean): IntakeContext {
    const nowMs = this.parts.now();
    const { clientRules } = this.parts;
    const sees = (flagKey: string): boolean => clientRules.sees(principal.kind, flagKey);
    const base = { environment: principal.environment, receivedAt: new Date(nowMs).toISOString(), nowMs, withoutEscapes, sees };
    if (principal.kind === 'server') return base;
    return {
      ...base,
      refuseExposure: (exposure) => clientRules.refuseExposure(principal.environment, exposure),
      refuseConversion: (conversion) => clientRules.refuseConversion(conversion),
    };
  }
}

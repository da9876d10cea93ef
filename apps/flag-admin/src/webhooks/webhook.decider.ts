import { CreateWebhook, DomainError, faultsOf, PatchWebhook, topics, type AccessChange, type Fault, type JsonObject, type Webhook } from '@pataka/contracts';
import type { Aggregate, StoredFacts } from '@pataka/event-sourcing';
import { mergeFaults, refuse } from '../faults/faults';

type Members = Omit<Webhook, 'version' | 'createdBy' | 'createdAt' | 'updatedAt'>;
export type WebhookEvent =
  | { type: 'webhook.created'; data: { webhook: Members } }
  | { type: 'webhook.updated'; data: { id: string; changes: Partial<Members> } }
  | { type: 'webhook.secret-rotated'; data: { id: string; secretHint: string } }
  | { type: 'webhook.removed'; data: { id: string } };
export type WebhookState = Webhook | null;

/** `url` is the part that may be told; `urlFaults` what was found wrong with the whole; `others` how many webhooks there are beside this one. */
export type WebhookCommand =
  | { type: 'create'; id: string; body: unknown; url: string; urlFaults: readonly Fault[]; secretHint: string; others: number }
  | { type: 'change'; body: unknown; url: string; urlFaults: readonly Fault[] }
  | { type: 'rotate'; secretHint: string }
  | { type: 'remove' };
type Of<Type extends WebhookCommand['type']> = Extract<WebhookCommand, { type: Type }>;

const MOST_WEBHOOKS = 100;

const existing = (state: WebhookState): Webhook => {
  if (state === null) throw new DomainError('not-found', 'There is no such webhook');
  return state;
};

const create = ({ id, body, url, urlFaults, secretHint, others }: Of<'create'>, state: WebhookState): WebhookEvent[] => {
  if (state !== null) throw new DomainError('already-exists');
  refuse(mergeFaults(urlFaults, faultsOf(CreateWebhook, body)));
  if (others >= MOST_WEBHOOKS) throw new DomainError('illegal-transition', `There are ${MOST_WEBHOOKS} webhooks already: remove one first`);
  const { name, description, format = 'standard', enabled = true, filters = {} } = body as CreateWebhook;
  return [{ type: 'webhook.created', data: { webhook: { id, name, url, ...(description === undefined ? {} : { description }), format, enabled, filters, secretHint } } }];
};

const change = ({ body, url, urlFaults }: Of<'change'>, state: WebhookState): WebhookEvent[] => {
  const { id, ...before } = existing(state);
  refuse(mergeFaults(urlFaults, faultsOf(PatchWebhook, body)));
  const named = body as PatchWebhook;
  const changes: Partial<Members> = { ...named, ...(named.url === undefined ? {} : { url }) };
  // Two URLs may look alike as far as they are shown: a new one is always a change.
  const same = named.url === undefined && JSON.stringify({ ...before, ...changes }) === JSON.stringify(before);
  return same ? [] : [{ type: 'webhook.updated', data: { id, changes } }];
};

const decide = (command: WebhookCommand, state: WebhookState): WebhookEvent[] => {
  switch (command.type) {
    case 'create': return create(command, state);
    case 'change': return change(command, state);
    case 'rotate': return [{ type: 'webhook.secret-rotated', data: { id: existing(state).id, secretHint: command.secretHint } }];
    case 'remove': return [{ type: 'webhook.removed', data: { id: existing(state).id } }];
  }
};

const evolve = (state: WebhookState, event: WebhookEvent & StoredFacts): WebhookState => {
  const { version, at: updatedAt } = event;
  switch (event.type) {
    case 'webhook.created': return { ...event.data.webhook, version, createdBy: event.meta.actor, createdAt: updatedAt, updatedAt };
    case 'webhook.updated': return state === null ? null : { ...state, ...event.data.changes, version, updatedAt };
    case 'webhook.secret-rotated': return state === null ? null : { ...state, secretHint: event.data.secretHint, version, updatedAt };
    case 'webhook.removed': return null;
  }
};

const publish = (event: WebhookEvent & StoredFacts, after: WebhookState) => {
  const id = event.type === 'webhook.created' ? event.data.webhook.id : event.data.id;
  const why = event.meta.reason === undefined ? {} : { reason: event.meta.reason };
  const done = event.type === 'webhook.created' ? 'created' : event.type === 'webhook.removed' ? 'revoked' : 'updated';
  const data: AccessChange = { kind: 'webhook', change: done, actor: event.meta.actor, ...why, id, after: { ...after } as JsonObject };
  return { topic: topics.accessChanges.name, key: id, type: event.type, data };
};

/** Who is told what. Its whole URL and its secret are no part of this: see `WebhookTargets`. */
export const webhookAggregate: Aggregate<WebhookState, WebhookCommand, WebhookEvent> = { category: 'webhook', initialState: null, decide, evolve, publish, document: (state) => state };

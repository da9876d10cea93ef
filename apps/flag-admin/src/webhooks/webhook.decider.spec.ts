import type { Webhook } from '@pataka/contracts';
import { given, type ReceivedEvent } from '@pataka/event-sourcing';
import { topics } from '@pataka/contracts';
import { outcomeOf, MOST_TRIES } from './delivery.worker';
import { bodyOf, isHeard, messageOf, type WebhookMessage } from './webhook-message';
import { signedHeaders } from './webhook-signature';
import { webhookAggregate, type WebhookCommand, type WebhookEvent } from './webhook.decider';

const create = (body: unknown, more: Partial<Extract<WebhookCommand, { type: 'create' }>> = {}): WebhookCommand =>
  ({ type: 'create', id: 'wh_1', body, url: 'https://a.example/…', urlFaults: [], secretHint: 'whsec_abcd…', others: 0, ...more });
const made: WebhookEvent = { type: 'webhook.created', data: { webhook: { id: 'wh_1', name: 'Ops', url: 'https://a.example/…', format: 'standard', enabled: true, filters: {}, secretHint: 'whsec_abcd…' } } };
const change = (body: unknown, url = ''): WebhookCommand => ({ type: 'change', body, url, urlFaults: [] });

describe('a webhook', () => {
  it('is made with what may be told of it', () => {
    given(webhookAggregate).when(create({ name: 'Ops', url: 'https://a.example/secret' })).thenEmits(made);
    expect(JSON.stringify(webhookAggregate.decide(create({ name: 'Ops', url: 'https://a.example/secret' }), null))).not.toContain('secret"');
  });

  it('is refused with every fault of it at once', () => {
    given(webhookAggregate).when(create({ url: 'x', format: 'xml', filters: { kinds: ['noise'], types: ['Flag'], colour: 1 } }, { urlFaults: [{ pointer: '/url', detail: 'must be https' }] }))
      .thenRejects('validation', '/name', '/url', '/format', '/filters/kinds/0', '/filters/types/0', '/filters/colour');
    given(webhookAggregate).when(create({ name: 'Ops', url: 'https://a.example/' }, { others: 100 })).thenRejects('illegal-transition');
  });

  it('changes the named members, and nothing where all is so already', () => {
    given(webhookAggregate, made).when(change({ enabled: false })).thenEmits({ type: 'webhook.updated', data: { id: 'wh_1', changes: { enabled: false } } });
    given(webhookAggregate, made).when(change({ enabled: true })).thenEmits();
    given(webhookAggregate, made).when(change({ url: 'https://a.example/other' }, 'https://a.example/…')).thenEmits({ type: 'webhook.updated', data: { id: 'wh_1', changes: { url: 'https://a.example/…' } } });
    given(webhookAggregate).when(change({ enabled: false })).thenRejects('not-found');
  });

  it('is gone once it is removed', () => {
    given(webhookAggregate, made).when({ type: 'remove' }).thenState(null);
    given(webhookAggregate, made, { type: 'webhook.removed', data: { id: 'wh_1' } }).when({ type: 'rotate', secretHint: 'x' }).thenRejects('not-found');
  });
});

describe('what a webhook hears', () => {
  const webhook = (filters: Webhook['filters'], more: Partial<Webhook> = {}): Webhook =>
    ({ id: 'wh_1', name: 'Ops', url: '', format: 'standard', enabled: true, secretHint: '', version: 1, createdBy: 'asha', createdAt: '2026-03-01T00:00:00Z', updatedAt: '2026-03-01T00:00:00Z', filters, ...more });
  const message = (more: Partial<WebhookMessage>): WebhookMessage => ({ type: 'flag.updated', timestamp: '2026-03-02T00:00:00Z', environment: null, tags: [], kind: null, data: {}, text: '', ...more });
  const alert = message({ type: 'alert.raised', tags: null, kind: 'error-rate', environment: 'production' });

  it.each<[string, Webhook['filters'], WebhookMessage, boolean]>([
    ['everything without filters', {}, alert, true],
    ['a family', { types: ['flag'] }, message({}), true], ['no other family', { types: ['flag'] }, alert, false],
    ['one type', { types: ['flag.updated'] }, message({}), true], ['no other type', { types: ['flag.archived'] }, message({}), false],
    ['a kind', { kinds: ['error-rate'] }, alert, true], ['no other kind', { kinds: ['conversion-drop'] }, alert, false], ['what has no kind, whatever the kinds', { kinds: ['conversion-drop'] }, message({}), true],
    ['an environment', { environments: ['production'] }, alert, true], ['no other', { environments: ['staging'] }, alert, false], ['what concerns every environment', { environments: ['staging'] }, message({}), true],
    ['a tag', { tags: ['fuel'] }, message({ tags: ['fuel', 'ml'] }), true], ['no flag without it', { tags: ['fuel'] }, message({}), false],
  ])('is %s', (_what, filters, heard, expected) => {
    expect(isHeard(webhook(filters), heard)).toBe(expected);
  });

  it('is nothing while it is disabled, and nothing of the time before it', () => {
    expect([isHeard(webhook({}, { enabled: false }), alert), isHeard(webhook({}, { createdAt: '2026-03-02T00:00:01Z' }), alert)]).toEqual([false, false]);
  });

  it('is told to Slack as a text without markup, in both languages', () => {
    const event = { topic: topics.alerts.name, type: 'pataka.alert.raised.v1', time: '2026-03-02T00:00:00Z', data: { change: 'raised', alert: { kind: 'error-rate', severity: 'critical', experimentKey: 'a<b', message: { en: 'More & more', hi: 'ज़्यादा' } } } };
    const told = messageOf({ ...event, record: { topic: event.topic } } as unknown as ReceivedEvent)!;
    expect(JSON.parse(bodyOf(told, 'slack'))).toEqual({ text: '[critical] raised: error rate, a&lt;b\nMore &amp; more\nज़्यादा' });
    expect(JSON.parse(bodyOf(told, 'standard'))).toMatchObject({ type: 'alert.raised', timestamp: '2026-03-02T00:00:00Z', data: { kind: 'error-rate' } });
    expect(JSON.parse(bodyOf({ ...told, data: { flag: { text: 'x'.repeat(300_000) }, actor: 'asha' } }, 'standard'))).toMatchObject({ data: { actor: 'asha', truncated: true } });
  });
});

describe('a delivery', () => {
  it('is tried eight times within a day, and given up then', () => {
    const failed = { at: '', status: 500, ms: 1 };
    let at = Date.parse('2026-03-01T00:00:00Z');
    for (let tries = 1; tries < MOST_TRIES; tries += 1) {
      const { outcome, nextAt } = outcomeOf(failed, tries, new Date(at).toISOString());
      expect([outcome, Date.parse(nextAt!) > at]).toEqual(['retried', true]);
      at = Date.parse(nextAt!);
    }
    expect(MOST_TRIES).toBe(8);
    expect((at - Date.parse('2026-03-01T00:00:00Z')) / 3_600_000).toBeLessThanOrEqual(24);
    expect(outcomeOf(failed, MOST_TRIES, new Date(at).toISOString())).toEqual({ outcome: 'failed', status: 'failed', nextAt: null });
  });

  it.each([[200, 'delivered'], [204, 'delivered'], [302, 'retried'], [404, 'retried'], [503, 'retried'], [null, 'retried']])('that is answered %s is %s', (status, outcome) => {
    expect(outcomeOf({ at: '', status, ms: 1 }, 1, '2026-03-01T00:00:00Z').outcome).toBe(outcome);
  });

  it('is signed as Standard Webhooks signs its published example', () => {
    // The example of the specification's own libraries.
    expect(signedHeaders('msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330, '{"test": 2432232314}', ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'])['webhook-signature'])
      .toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });
});

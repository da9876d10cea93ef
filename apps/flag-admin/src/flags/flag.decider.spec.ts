import type { CreateFlag, FlagEvent, Rule } from '@pataka/contracts';
import { given as givenOf, type StoredFacts } from '@pataka/event-sourcing';
import { flagAggregate, type FlagCommand, type FlagEvent as HandEvent, type FlagState } from './flag.decider';
import type { FlagWorld } from './prerequisite-faults';

const facts = (version: number): StoredFacts => ({
  id: `e${version}`, streamId: 'flag:scoring', version, position: version, schemaVersion: 1, at: `2026-07-01T00:00:0${version}.000Z`,
  meta: { actor: version === 1 ? 'asha' : 'ravi', correlationId: 'c' },
});
const stored = (event: FlagEvent, version: number) => ({ ...event, ...facts(version) }) as HandEvent & StoredFacts;
const folded = (...events: FlagEvent[]): FlagState => events.map((event, index) => stored(event, index + 1)).reduce(flagAggregate.evolve, null as FlagState);

const given = (...events: FlagEvent[]) => givenOf(flagAggregate, ...(events as HandEvent[]));

const world: FlagWorld = { environments: ['production', 'staging'], flags: new Map(), sameKey: null };
const rule: Rule = { id: 'r1', conditions: [{ attribute: 'region', operator: 'in', value: ['pune'] }], value: true };
const experimentRule: Rule = { id: 'exp_1', experimentId: 'exp_1', phase: 1, split: [{ variant: 'a', weight: 1, value: true }] };
const body: CreateFlag = { key: 'scoring', type: 'BOOLEAN', defaultValue: false };
const document = { name: 'scoring', description: '', tags: [], status: 'INACTIVE' as const, metadata: {}, clientVisible: false, prerequisites: [], environments: {}, ...body };
const created: FlagEvent = { type: 'flag.created', data: { flag: document } };
const activated: FlagEvent = { type: 'flag.activated', data: {} };
const archived: FlagEvent = { type: 'flag.archived', data: {} };
const withRules = (...rules: Rule[]): FlagEvent => ({ type: 'flag.environment-changed', data: { environment: 'production', settings: { enabled: true, rules } } });
const create = (more: object = {}, known = world): FlagCommand => ({ type: 'create', body: { ...body, ...more }, world: known });
const setProduction = (...rules: Rule[]): FlagCommand => ({ type: 'set-environment', environment: 'production', body: { enabled: true, rules }, world });

describe('a flag', () => {
  it('is made with defaults for what is left out', () => given().when(create()).thenEmits(created));
  it('can be made in any status, so that an export comes back', () =>
    given().when(create({ status: 'ARCHIVED' })).thenEmits({ type: 'flag.created', data: { flag: { ...document, status: 'ARCHIVED' } } }));
  it('is made once', () => given(created).when(create()).thenRejects('already-exists'));
  it('has a key that is unique whatever the case', () => given().when(create({}, { ...world, sameKey: 'Scoring' })).thenRejects('already-exists'));
  it('is refused with all its faults before it is found to exist', () => given(created).when(create({ defaultValue: 1 })).thenRejects('validation', '/defaultValue'));
  it('cannot bring a rule that an experiment owns', () =>
    given().when(create({ environments: { production: { enabled: true, rules: [experimentRule] } } })).thenRejects('owned-by-experiment'));
});

describe('a patch', () => {
  const patch = (changes: unknown): FlagCommand => ({ type: 'patch', body: changes, world });
  it('names only what it changes', () =>
    given(created).when(patch({ name: 'New', tags: [], defaultValue: true })).thenEmits({ type: 'flag.updated', data: { changes: { name: 'New', defaultValue: true } } }));
  it('of nothing new is no event', () => given(created).when(patch({ name: 'scoring', metadata: {} })).thenEmits());
  it('must keep to the type of the flag', () => given(created).when(patch({ defaultValue: 'x' })).thenRejects('validation', '/defaultValue'));
  it('cannot change what only the system writes', () =>
    given(created).when(patch({ type: 'STRING', version: 9, createdBy: 'me' })).thenRejects('validation', '/type', '/version', '/createdBy'));
  it('needs a flag', () => given().when(patch({})).thenRejects('flag-not-found'));
  it('is too late once the flag is archived', () => given(created, archived).when(patch({ name: 'x' })).thenRejects('illegal-transition'));
});

describe('the rules of an environment', () => {
  it('are replaced together', () => given(created).when(setProduction(rule)).thenEmits(withRules(rule)));
  it('that are there already are no event', () => given(created, withRules(rule)).when(setProduction({ ...rule })).thenEmits());
  it('need a known environment', () =>
    given(created).when({ type: 'set-environment', environment: 'moon', body: { enabled: true, rules: [] }, world }).thenRejects('validation', '/environments/moon'));
  it('of an experiment stay as they are', () => given(created, withRules(experimentRule)).when(setProduction({ ...experimentRule, percentage: 5 })).thenRejects('owned-by-experiment'));
  it('of an experiment cannot be removed', () => given(created, withRules(experimentRule)).when(setProduction()).thenRejects('owned-by-experiment'));
  it('of an experiment cannot be added', () => given(created).when(setProduction(experimentRule)).thenRejects('owned-by-experiment'));
  it('beside those of an experiment are free', () => given(created, withRules(experimentRule)).when(setProduction(rule, experimentRule)).thenEmits(withRules(rule, experimentRule)));
});

describe('the status', () => {
  it('goes from inactive to active and back', () => {
    given(created).when({ type: 'activate' }).thenEmits(activated);
    given(created, activated).when({ type: 'deactivate' }).thenEmits({ type: 'flag.deactivated', data: {} });
  });
  it('that it has already is no event', () => {
    given(created).when({ type: 'deactivate' }).thenEmits();
    given(created, activated).when({ type: 'activate' }).thenEmits();
    given(created, archived).when({ type: 'archive', dependents: [] }).thenEmits();
  });
  it('archived is final', () => {
    given(created, archived).when({ type: 'activate' }).thenRejects('illegal-transition');
    given(created, archived).when({ type: 'deactivate' }).thenRejects('illegal-transition');
  });
  it('archived is refused where others need the flag', () => given(created).when({ type: 'archive', dependents: ['child'] }).thenRejects('has-dependents'));
  it('archived is refused while an experiment runs on the flag', () => given(created, withRules(experimentRule)).when({ type: 'archive', dependents: [] }).thenRejects('owned-by-experiment'));
});

describe('an experiment', () => {
  const mine: FlagEvent = { type: 'flag.created', data: { flag: { ...document, experimentId: 'exp_1' } } };
  const place = (activate: boolean, percentage = 5): FlagCommand =>
    ({ type: 'place-experiment-rule', experimentId: 'exp_1', environment: 'production', rule: { ...experimentRule, percentage }, activate });
  const end = (serve: boolean | null): FlagCommand =>
    ({ type: 'end-experiment', experimentId: 'exp_1', environment: 'production', serve: serve === null ? null : { value: serve, variant: 'a' } });

  it('places its rule and activates the flag in one go', () => given(mine).when(place(true)).thenEmits(withRules({ ...experimentRule, percentage: 5 }), activated));
  it('replaces its rule where it stands', () =>
    given(mine, withRules(experimentRule, rule)).when(place(false, 50)).thenEmits(withRules({ ...experimentRule, percentage: 50 }, rule)));
  it('does not undo a deactivation by hand when it ramps', () => given(mine, withRules(experimentRule)).when(place(false, 50)).thenEmits(withRules({ ...experimentRule, percentage: 50 })));
  it('that repeats itself is no event', () => given(mine, withRules({ ...experimentRule, percentage: 5 }), activated).when(place(true)).thenEmits());
  it('leaves the flags of others alone', () => {
    given(created).when(place(true)).thenEmits();
    given(created).when(end(true)).thenEmits();
    given(created).when({ type: 'archive-with-experiment', experimentId: 'exp_1', dependents: [] }).thenEmits();
  });
  it('makes the winner the default before its rule goes', () =>
    given(mine, withRules(experimentRule, rule)).when(end(true)).thenEmits({ type: 'flag.updated', data: { changes: { defaultValue: true, defaultVariant: 'a' } } }, withRules(rule)));
  it('leaves the control where nobody won', () => given(mine, withRules(experimentRule)).when(end(null)).thenEmits(withRules()));
  it('archives its flag unless others need it', () => {
    given(mine).when({ type: 'archive-with-experiment', experimentId: 'exp_1', dependents: [] }).thenEmits(archived);
    given(mine).when({ type: 'archive-with-experiment', experimentId: 'exp_1', dependents: ['child'] }).thenEmits();
  });
});

describe('the document', () => {
  const flag = folded(created, activated, withRules(rule));
  it('says who made it and what it has become', () => {
    expect(flag).toEqual({
      ...document, status: 'ACTIVE', environments: { production: { enabled: true, rules: [rule] } },
      version: 3, createdBy: 'asha', createdAt: '2026-07-01T00:00:01.000Z', updatedAt: '2026-07-01T00:00:03.000Z',
    });
  });
  it('is published whole with each event', () => {
    const publication = flagAggregate.publish(stored(activated, 2), flag);
    expect(publication).toEqual({ topic: 'pataka.flag-changes.v1', key: 'scoring', type: 'flag.activated', data: { change: activated, actor: 'ravi', flag } });
  });
});

import type { JsonObject } from '@pataka/contracts';
import { given, type StoredFacts } from '@pataka/event-sourcing';
import { calendarAggregate } from './calendars';
import type { CatalogueAggregate, CatalogueCommand, CatalogueEvent, CatalogueState, CatalogueWorld } from './catalogue.decider';
import { india } from './india';
import { regionAggregate } from './regions';
import { segmentAggregate } from './segments';

const facts = (version: number): StoredFacts => ({
  id: `e${version}`, streamId: 's', version, position: version, schemaVersion: 1, at: `2026-07-01T00:00:0${version}.000Z`, meta: { actor: `actor-${version}`, correlationId: 'c' },
});
const stored = (event: CatalogueEvent, version: number) => ({ ...event, ...facts(version) });
const folded = (aggregate: CatalogueAggregate, events: CatalogueEvent[]): CatalogueState =>
  events.map((event, index) => stored(event, index + 1)).reduce(aggregate.evolve, aggregate.initialState);

const world = (...others: (JsonObject & { key: string })[]): CatalogueWorld => ({ others: new Map(others.map((one) => [one.key, one])), sameKey: null });
const create = (body: unknown, known = world()): CatalogueCommand => ({ type: 'create', body, world: known });
const replace = (key: string, body: unknown, known = world()): CatalogueCommand => ({ type: 'replace', key, body, world: known });

const pilots = { key: 'pilots', included: ['u1'] };
const created: CatalogueEvent = { type: 'segment.created', data: { after: pilots } };
const removed: CatalogueEvent = { type: 'segment.removed', data: { key: 'pilots' } };

describe('an object of the catalogue', () => {
  it('is made once', () => {
    given(segmentAggregate).when(create(pilots)).thenEmits(created);
    given(segmentAggregate, created).when(create(pilots)).thenRejects('already-exists');
  });
  it('has a key that is unique whatever the case', () => given(segmentAggregate).when(create(pilots, { ...world(), sameKey: 'Pilots' })).thenRejects('already-exists'));
  it('is replaced as a whole', () => given(segmentAggregate, created).when(replace('pilots', { name: 'Pilots' })).thenEmits({ type: 'segment.updated', data: { after: { key: 'pilots', name: 'Pilots' } } }));
  it('that stays the same is no event', () => given(segmentAggregate, created).when(replace('pilots', pilots)).thenEmits());
  it('keeps its key', () => given(segmentAggregate, created).when(replace('pilots', { key: 'others' })).thenRejects('validation', '/key'));
  it('frees its key when it is removed', () => {
    given(segmentAggregate, created).when({ type: 'remove', dependents: [] }).thenEmits(removed);
    given(segmentAggregate, created, removed).when(create(pilots)).thenEmits(created);
    given(segmentAggregate, created, removed).when({ type: 'remove', dependents: [] }).thenRejects('not-found');
    given(segmentAggregate).when(replace('pilots', pilots)).thenRejects('not-found');
  });
  it('stays while others lie below it', () => given(regionAggregate, { type: 'region.created', data: { after: { key: 'north' } } }).when({ type: 'remove', dependents: ['delhi'] }).thenRejects('has-dependents'));
  it('is seeded unless it has ever been there', () => {
    given(segmentAggregate).when({ type: 'seed', object: pilots }).thenEmits(created);
    given(segmentAggregate, created).when({ type: 'seed', object: pilots }).thenEmits();
    given(segmentAggregate, created, removed).when({ type: 'seed', object: pilots }).thenEmits();
  });
  it('is published whole, and as null once it is gone', () => {
    const after = folded(segmentAggregate, [created]);
    expect(segmentAggregate.publish(stored(created, 1), after)).toEqual({
      topic: 'pataka.segment-changes.v1', key: 'pilots', type: 'segment.created',
      data: { kind: 'segment', change: 'created', actor: 'actor-1', key: 'pilots', after: { ...pilots, version: 1, createdBy: 'actor-1', createdAt: '2026-07-01T00:00:01.000Z', updatedAt: '2026-07-01T00:00:01.000Z' } },
    });
    expect(segmentAggregate.publish(stored(removed, 2), folded(segmentAggregate, [created, removed])).data).toMatchObject({ change: 'removed', key: 'pilots', after: null });
  });
});

describe('a segment', () => {
  it('names all its faults at once', () =>
    given(segmentAggregate).when(create({ key: 'prototype', included: [1], colour: 'red', conditions: [{ attribute: 'a', operator: 'regex', value: '(' }] }))
      .thenRejects('validation', '/colour', '/conditions/0/value', '/included/0', '/key'));
  it('may name segments that are not there yet', () => {
    const body = { key: 'a', conditions: [{ operator: 'in_segment', value: ['b'] }] };
    given(segmentAggregate).when(create(body)).thenEmits({ type: 'segment.created', data: { after: body } });
  });
  it('cannot contain itself, by whatever way', () => {
    given(segmentAggregate).when(create({ key: 'a', conditions: [{ not: { operator: 'in_segment', value: 'a' } }] })).thenRejects('validation', '/conditions');
    const b = { key: 'b', conditions: [{ any: [{ operator: 'not_in_segment', value: ['c', 'a'] }] }] };
    given(segmentAggregate).when(create({ key: 'a', conditions: [{ operator: 'in_segment', value: ['b'] }] }, world(b))).thenRejects('validation', '/conditions');
  });
});

describe('a list of a segment', () => {
  const named = { hash: 'a'.repeat(64), size: 3 };
  const listed: CatalogueEvent = { type: 'segment.updated', data: { after: { ...pilots, includedList: named }, upload: 'u' } };
  const name = { type: 'list', list: 'included', named, upload: 'u' } as const;
  it('is named by the segment, with the upload that leads to it', () => given(segmentAggregate, created).when(name).thenEmits(listed));
  it('that is named already is no event', () => given(segmentAggregate, created, listed).when(name).thenEmits());
  it('goes without an upload', () => given(segmentAggregate, created, listed).when({ type: 'list', list: 'included', named: null }).thenEmits({ type: 'segment.updated', data: { after: pilots } }));
  it('that is not there need not go', () => given(segmentAggregate, created).when({ type: 'list', list: 'excluded', named: null }).thenEmits());
  it('is refused where there is no segment', () => given(segmentAggregate).when(name).thenRejects('not-found'));
  it('stays when the document is replaced, repeated or left out', () => {
    const after = { key: 'pilots', name: 'Pilots', includedList: named };
    given(segmentAggregate, created, listed).when(replace('pilots', { name: 'Pilots' })).thenEmits({ type: 'segment.updated', data: { after } });
    given(segmentAggregate, created, listed).when(replace('pilots', after)).thenEmits({ type: 'segment.updated', data: { after } });
  });
  it('is not set by writing the document', () => {
    given(segmentAggregate).when(create({ ...pilots, includedList: named })).thenRejects('validation', '/includedList');
    given(segmentAggregate, created, listed).when(replace('pilots', { ...pilots, includedList: { ...named, size: 4 } })).thenRejects('validation', '/includedList');
  });
  it('is published with its upload', () => expect(segmentAggregate.publish(stored(listed, 2), folded(segmentAggregate, [created, listed])).data).toMatchObject({ change: 'updated', upload: 'u', after: { includedList: named } }));
});

describe('a region', () => {
  const region = (key: string, parent?: string) => ({ key, ...(parent === undefined ? {} : { parent }) });
  it('lies in a region that is there', () => given(regionAggregate).when(create(region('pune', 'maharashtra'))).thenRejects('validation', '/parent'));
  it('cannot lie within itself', () => {
    given(regionAggregate).when(create(region('a', 'a'))).thenRejects('validation', '/parent');
    given(regionAggregate, { type: 'region.created', data: { after: region('a') } }).when(replace('a', region('a', 'b'), world(region('a'), region('b', 'c'), region('c', 'a')))).thenRejects('validation', '/parent');
  });
  it('of the first tree is well formed, each after its parent', () => {
    const known = new Map<string, JsonObject>();
    for (const one of india) {
      const object = { ...one } as JsonObject & { key: string };
      given(regionAggregate).when(create(object, { others: known, sameKey: null })).thenEmits({ type: 'region.created', data: { after: object } });
      known.set(one.key, object);
    }
  });
});

describe('a calendar', () => {
  const calendar = (...periods: JsonObject[]) => ({ key: 'monsoon', timezone: 'Asia/Kolkata', periods });
  it('takes a single day', () => {
    const body = calendar({ from: '2028-02-29', until: '2028-02-29', regions: ['kerala'] });
    given(calendarAggregate).when(create(body)).thenEmits({ type: 'calendar.created', data: { after: body } });
  });
  it('needs real dates in order and a real zone', () =>
    given(calendarAggregate).when(create({ ...calendar({ from: '2026-09-30', until: '2026-06-01' }, { from: '2026-02-30', until: '2026-13-01' }), timezone: '+05:30' }))
      .thenRejects('validation', '/periods/0/until', '/periods/1/from', '/periods/1/until', '/timezone'));
});

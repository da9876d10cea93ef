import type { CreateExperiment, Experiment, ExperimentEvent, Holdout, HoldoutEvent } from '@pataka/contracts';
import { Database, EventStore, handle } from '@pataka/event-sourcing';
import { ownDatabase, type OwnDatabase } from '@pataka/platform';
import { type ExperimentCommand, experimentAggregate } from '../experiments/experiment.decider';
import { holdoutAggregate, type HoldoutCommand, type HoldoutState } from './holdout.decider';
import { type Placement, Placements } from './placement';

const schema = 'orchestrator';
const now = '2026-07-01T04:30:00.000Z';
const context = { meta: { actor: 'asha', correlationId: 'c1' } };
const variants = [{ id: 'a', weight: 0.5, config: 'a', isControl: true }, { id: 'b', weight: 0.5, config: 'b' }];

describe('experiments of a layer', () => {
  let database: Database;
  let store: EventStore;
  let own: OwnDatabase;
  const placements = new Placements(schema);
  type Source = ExperimentCommand | ((sql: Parameters<Placements['layers']>[0], state: Experiment | null) => Promise<ExperimentCommand>);
  const act = (id: string, command: Source) => handle<Experiment | null, ExperimentCommand, ExperimentEvent, Experiment>(store, experimentAggregate, id, command, context);
  const holdout = (key: string, command: HoldoutCommand) => handle<HoldoutState, HoldoutCommand, HoldoutEvent, Holdout>(store, holdoutAggregate, key, command, context);
  const draft = async (key: string, more: Partial<CreateExperiment> = {}): Promise<void> => {
    await act(key, { type: 'CreateExperiment', id: key, now, body: { key, type: 'AB_TEST', variants, bucketBy: 'fleet_id', layer: { key: 'routing', share: 40 }, ...more } });
    await act(key, { type: 'LinkFlag', flagKey: key });
  };
  const start = async (key: string): Promise<Experiment> => {
    const placed = async (sql: Parameters<Placements['layers']>[0], state: Experiment | null): Promise<Placement> => placements.placementOf(sql, state!);
    return (await act(key, async (sql, state) => ({ type: 'StartExperiment', force: true, now, placement: await placed(sql, state) }))).document;
  };

  beforeAll(async () => {
    own = await ownDatabase();
    database = Database.create({ url: own.url, name: 'spec', migrations: EventStore.migrations(schema) });
    store = new EventStore({ database, schema, service: 'experiment-orchestrator', lockId: 78 });
  }, 60_000);
  afterAll(async () => {
    await database?.close();
    await own?.dispose();
  });

  it('have stretches of their own from their start on, and give them back', async () => {
    for (const key of ['first', 'second', 'third']) await draft(key);
    expect([(await start('first')).layer, (await start('second')).layer]).toEqual([{ key: 'routing', share: 40, from: 0, until: 40_000 }, { key: 'routing', share: 40, from: 40_000, until: 80_000 }]);
    await expect(start('third')).rejects.toMatchObject({ code: 'illegal-transition', message: expect.stringContaining('has 20% free, and 40% are asked for') as string });
    await act('first', { type: 'CompleteExperiment' });
    const third = await start('third');
    expect([third.layer, third.traffic]).toEqual([{ key: 'routing', share: 40, from: 0, until: 40_000 }, [{ salt: 'layer:routing', bucketBy: 'fleet_id', from: 0, until: 40_000 }]]);
    const [layer] = await placements.layers(database);
    expect(layer).toMatchObject({ key: 'routing', environment: 'production', bucketBy: 'fleet_id', taken: 80, free: 20, longestFree: 20 });
    expect(layer!.experiments.map(({ key, from }) => [key, from])).toEqual([['second', 40_000], ['third', 0]]);
  });

  it('start one after the other, however many begin at once', async () => {
    await Promise.all(['p', 'q', 'r', 's'].map((key) => draft(key, { layer: { key: 'pricing', share: 40 } })));
    const outcomes = await Promise.allSettled(['p', 'q', 'r', 's'].map(start));
    const ranges = outcomes.filter((outcome) => outcome.status === 'fulfilled').map(({ value }) => value.layer!.from).sort();
    expect(ranges).toEqual([0, 40_000]);
  });

  it('grow where there is room, keep everyone, and never shrink', async () => {
    const grown = (share: number) => act('second', async (sql, state) => ({ type: 'ChangeExperiment', patch: { layer: { key: 'routing', share } }, placement: await placements.growthOf(sql, state, { key: 'routing', share }) }));
    expect((await grown(60)).document).toMatchObject({ layer: { share: 60, from: 40_000, until: 100_000 }, traffic: [{ from: 40_000, until: 100_000 }], phase: 1 });
    await expect(grown(61)).rejects.toThrow('leaves second room for 60%');
    await expect(grown(10)).rejects.toMatchObject({ code: 'validation', faults: [{ pointer: '/layer/share' }] });
  });

  it('are told what could never be placed when they are made', async () => {
    const body: CreateExperiment = { key: 'x', type: 'AB_TEST', layer: { key: 'routing', share: 5 }, holdouts: ['nobody'] };
    expect((await placements.faults(database, body)).map(({ pointer }) => pointer)).toEqual(['/holdouts/0', '/bucketBy']);
  });

  it('leave out the members of their holdouts, as long as these last', async () => {
    await holdout('always_control', { type: 'CreateHoldout', body: { key: 'always_control', percentage: 5, bucketBy: 'fleet_id' } });
    await draft('held', { layer: { key: 'billing', share: 50 }, holdouts: ['always_control'] });
    expect((await start('held')).traffic).toEqual([{ salt: 'layer:billing', bucketBy: 'fleet_id', from: 0, until: 50_000 }, { salt: 'holdout:always_control', bucketBy: 'fleet_id', from: 5_000, until: 100_000 }]);
    await holdout('always_control', { type: 'EndHoldout' });
    await draft('later', { layer: { key: 'billing', share: 50 }, holdouts: ['always_control'] });
    expect((await start('later')).traffic).toHaveLength(1);
  });
});

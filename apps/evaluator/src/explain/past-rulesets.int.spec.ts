import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Flag, type FlagChange, type Rule, type SegmentChange, topics } from '@pataka/contracts';
import { encodeEvent, type EventLog, type NewRecord, PostgresEventLog, uuidv7 } from '@pataka/event-sourcing';
import { type Context, evaluate, type Evaluation, explain, prepareContext } from '@pataka/evaluation';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@pataka/platform';
import { RulesetState } from '../ruleset/ruleset-state';
import { ChangeHistory } from './change-history';
import { PastRulesets } from './past-rulesets';
import { TopicHistory } from './topic-history';

const START = Date.UTC(2026, 5, 1);
const SEED = Number(process.env['PATAKA_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const flagKeys = ['a', 'b', 'c', 'd'];
const contexts = [{ targetingKey: 'u1', region: 'pune' }, { targetingKey: 'u2', region: 'delhi', x: 7 }, { targetingKey: 'u3' }];

/** Park and Miller's generator: the same series for the same seed. */
const randomFrom = (seed: number): ((below: number) => number) => {
  let state = (seed % 2_147_483_646) + 1;
  return (below) => (state = (state * 48_271) % 2_147_483_647) % below;
};

interface Change { position: number; timeMs: number; topic: string; type: string; key: string; data: object }
interface Recorded { position: number; atMs: number; flagKey: string; context: Context; evaluation: Evaluation }

/** A random life of four flags that need each other, two segments, regions and a calendar. */
class Life {
  readonly state = new RulesetState();
  readonly changes: Change[] = [];
  readonly recorded: Recorded[] = [];
  private readonly versions = new Map<string, number>();
  private clockMs = START;
  private latestMs = START;

  constructor(private readonly random: (below: number) => number) {}

  step(): void {
    const position = this.changes.length + 1;
    // Clocks may stand still, and step back.
    this.clockMs += this.random(10) === 0 ? -this.random(500) : this.random(60_000);
    this.latestMs = Math.max(this.latestMs, this.clockMs);
    const change = { position, timeMs: this.clockMs, ...this.any() };
    this.changes.push(change);
    if (change.topic === topics.flagChanges.name) this.state.applyFlagChange(change.data as FlagChange, position);
    else if (change.topic === topics.segmentChanges.name) this.state.applySegmentChange(change.data as SegmentChange, position);
    else this.state.seen(position);
    this.record(position);
  }

  private record(position: number): void {
    for (const flagKey of flagKeys) {
      for (const raw of contexts) {
        const context = prepareContext(raw) as Context;
        this.recorded.push({ position, atMs: this.latestMs, flagKey, context, evaluation: evaluate(this.state.compiled('production'), flagKey, context, this.latestMs) });
      }
    }
  }

  private any(): Pick<Change, 'topic' | 'type' | 'key' | 'data'> {
    const kind = this.random(10);
    if (kind === 0) return { topic: topics.accessChanges.name, type: 'key.created', key: 'k', data: { kind: 'key', change: 'created', actor: 'test', id: 'k', after: {} } };
    if (kind === 1) return { topic: topics.flagChanges.name, type: 'experiment-flag.refused', key: 'a', data: { change: { type: 'experiment-flag.refused', data: {} }, actor: 'test' } };
    return kind < 7 ? this.flagChange() : this.catalogueChange();
  }

  private flagChange(): Pick<Change, 'topic' | 'type' | 'key' | 'data'> {
    const index = this.random(flagKeys.length);
    const key = flagKeys[index]!;
    this.versions.set(key, (this.versions.get(key) ?? 0) + 1);
    const rules: Rule[] = Array.from({ length: this.random(3) }, (_, number) => ({
      id: `r${number}`, value: `v${this.random(3)}`, percentage: [100, 50, 25][this.random(3)]!,
      conditions: [[], [{ operator: 'in_segment' as const, value: [`s${this.random(2)}`] }], [{ attribute: 'region', operator: 'within' as const, value: ['west'] }], [{ operator: 'in_calendar' as const, value: ['monsoon'] }]][this.random(4)]!,
    }));
    const flag: Flag = {
      key, type: 'STRING', status: this.random(5) === 0 ? 'INACTIVE' : 'ACTIVE', defaultValue: 'off', version: this.versions.get(key)!,
      // Only flags further on, so that there is no ring.
      ...(index < 3 && this.random(2) === 0 ? { prerequisites: [{ flag: flagKeys[index + 1]!, value: `v${this.random(3)}` }] } : {}),
      environments: { production: { enabled: this.random(6) > 0, rules } },
    };
    return { topic: topics.flagChanges.name, type: 'flag.updated', key, data: { change: { type: 'flag.updated', data: { changes: {} } }, actor: `person-${this.changes.length}`, flag } };
  }

  private catalogueChange(): Pick<Change, 'topic' | 'type' | 'key' | 'data'> {
    const removed = this.random(5) === 0;
    const [kind, after] = ([
      ['segment', { key: `s${this.random(2)}`, included: [`u${1 + this.random(3)}`] }],
      ['region', { key: ['pune', 'delhi'][this.random(2)]!, parent: ['west', 'north'][this.random(2)]! }], ['region', { key: 'west' }],
      ['calendar', { key: 'monsoon', timezone: 'Asia/Kolkata', periods: [{ from: '2026-06-01', until: `2026-06-0${1 + this.random(3)}` }] }],
    ] as const)[this.random(4)]!;
    const change = removed ? 'removed' : 'updated';
    return { topic: topics.segmentChanges.name, type: `${kind}.${change}`, key: after.key, data: { kind, change, actor: 'test', key: after.key, after: removed ? null : after } };
  }
}

const recordOf = ({ topic, type, key, position, timeMs, data }: Change): NewRecord =>
  encodeEvent({ id: uuidv7(), type: `pataka.${type}.v${type === 'flag.created' ? 2 : 1}`, source: '/pataka/flag-admin', time: new Date(timeMs).toISOString(), topic, key, subject: key, position, data });

describe(`the past (PATAKA_SEED=${SEED})`, () => {
  const life = new Life(randomFrom(SEED));
  let directory: string;
  let embedded: EmbeddedPostgres;
  let log: EventLog;
  let history: ChangeHistory;
  let past: PastRulesets;

  const publish = async (changes: readonly Change[]): Promise<void> => {
    for (const change of changes) await log.publish([recordOf(change)]);
  };
  const explained = async (position: number, { flagKey, context, atMs }: Recorded) => {
    const { ruleset, lastChange, unreadable } = await past.at(position, 'production', flagKey);
    expect(unreadable).toEqual([]);
    return { explanation: explain(ruleset, flagKey, context, atMs), lastChange };
  };

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'explain-'));
    await chmod(directory, 0o755);
    embedded = await startEmbeddedPostgres({ dataDir: join(directory, 'postgres') });
    log = PostgresEventLog.create({ url: embedded.url });
    await log.ensureTopics(Object.values(topics));
    history = new ChangeHistory({ log, settled: () => life.state.position });
    past = new PastRulesets(history);
    for (let index = 0; index < 120; index += 1) life.step();
    await publish(life.changes);
    // A relay that died before it could note its success publishes again.
    await publish(life.changes.slice(-3));
  });
  afterAll(async () => {
    history.close();
    await log.close();
    await embedded.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it('is explained by position as it was evaluated then', async () => {
    for (const one of life.recorded) {
      await history.need(one.position);
      const { explanation, lastChange } = await explained(one.position, one);
      expect(explanation.evaluation).toEqual(one.evaluation);
      const newest = life.changes.filter(({ topic, type, key, position }) => topic === topics.flagChanges.name && type === 'flag.updated' && key === one.flagKey && position <= one.position).at(-1);
      expect(lastChange?.position).toBe(newest?.position);
      expect(lastChange?.actor).toBe((newest?.data as FlagChange | undefined)?.actor);
    }
  });

  it('is explained by instant as it was evaluated last at that instant', async () => {
    const last = new Map(life.recorded.map((one) => [`${one.atMs} ${one.flagKey} ${one.context.targetingKey}`, one]));
    for (const one of last.values()) {
      const { explanation } = await explained(await history.positionAt(one.atMs), one);
      expect(explanation.evaluation).toEqual(one.evaluation);
    }
  });

  it('has nothing before the first event, and no position after the last', async () => {
    expect(await history.positionAt(START - 1)).toBe(0);
    expect((await explained(0, life.recorded[0]!)).explanation.evaluation.errorCode).toBe('FLAG_NOT_FOUND');
    await expect(history.need(life.changes.length + 1)).rejects.toMatchObject({ faults: [{ pointer: '/position' }] });
  });

  it('is read on when changes come', async () => {
    life.step();
    await publish(life.changes.slice(-1));
    const [one] = life.recorded.slice(-1);
    await history.need(one!.position);
    expect((await explained(one!.position, one!)).explanation.evaluation).toEqual(one!.evaluation);
  });

  it('tells how far it has been read to whoever has waited long enough, and reads on', async () => {
    const hasty = new ChangeHistory({ log, settled: () => life.state.position, patienceMs: 0 });
    await expect(hasty.need(5)).rejects.toMatchObject({ code: 'unavailable', message: expect.stringMatching(/^The past is being read: \d+ of \d+ changes so far$/), extensions: { retryAfterSeconds: 2 } });
    const read = async (): Promise<boolean> => hasty.need(5).then(() => true, () => new Promise((later) => setTimeout(() => later(false), 20)));
    while (!(await read()));
    hasty.close();
  });

  it('is told to sixteen at a time, and the next is asked to come again', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 17 }, () => past.at(50, 'production', 'a')));
    expect(outcomes.map(({ status }) => status)).toEqual([...Array.from({ length: 16 }, () => 'fulfilled'), 'rejected']);
    expect(outcomes[16]).toMatchObject({ reason: { code: 'rate-limited' } });
  });

  it('is read from the log again where memory has let go of it', async () => {
    const topic = new TopicHistory({ log, topic: topics.flagChanges.name, objectOf: ({ key }) => key, cacheBytes: 0 });
    await topic.extend(new AbortController().signal);
    const entries = topic.index.entriesOf('a', 80);
    const records = await topic.records(entries);
    expect(entries.map((entry) => records.get(entry)?.position)).toEqual(life.changes.filter(({ key, topic: on, position }) => key === 'a' && on === topics.flagChanges.name && position <= 80).map(({ position }) => position));
  });
});

import { topics } from '@pataka/contracts';
import type { Database, EventBatch, Fill, FillLane, ReceivedEvent, Sql } from '@pataka/event-sourcing';
import { tallyKpi } from '../kpis/kpi-tally';
import { conversionRow, exposureRow, type ConversionRow, type ExposureRow } from './archive-row';
import { ArchiveStore } from './archive-store';
import { CoverageTrack } from './coverage-track';
import { DefinitionStore } from './definition-store';
import type { CompiledPlan } from './evidence-plan';
import { feedsOf, isCovered, newSubject, tallyEvent, tallySubject, withConversion, withExposure, type ConversionFact, type ExposureFact, type Subject } from './evidence.fold';
import { EvidenceWriter } from './evidence-writer';
import { PutOff, type PutOffRow } from './put-off';
import { SubjectStore } from './subject-store';
import { Tally } from './tally';
import { shardOf } from './weighing';

// About 1 KB each.
const MOST_SUBJECTS = 40_000;
const NONE: Held[] = [];

// Of a young table PostgreSQL has no statistics: it takes a key for one of 200 and reads the whole table for every batch. All look-ups here have an index.
// And a commit waits for no disk: what a crash takes is done again from the log, since the checkpoint goes with it.
export const setUpTransaction = async (sql: Sql): Promise<void> => void (await sql.query(`select set_config('enable_seqscan', 'off', true), set_config('synchronous_commit', 'off', true)`));

/** A subject in memory: as it is in its table (null: it is not there), and as it is now. */
interface Held { stored: Subject | null; now: Subject }

/** What of a batch is this lane's own, and what has to wait for the end. */
interface Sorted<Row> { own: Row[]; others: Row[] }

const sorted = <Row>(events: readonly ReceivedEvent[], toRow: (event: ReceivedEvent) => Row | string, isOwn: (row: Row) => boolean): Sorted<Row> => {
  const result: Sorted<Row> = { own: [], others: [] };
  for (const event of events) {
    const row = toRow(event);
    if (typeof row !== 'string') (isOwn(row) ? result.own : result.others).push(row);
  }
  return result;
};

/**
 * Folds one shard in memory: its exposures, then its conversions, so that no event meets a subject whose place still changes. Events that concern
 * other shards too (a unit that is not the targeting key, a foreign producer's partition) and copies that replace an archived one wait for the end.
 */
class Lane implements FillLane {
  private readonly plans = new Map<string, CompiledPlan | null>();
  private units = new Map<string, Held[]>();
  private subjects = 0;
  private tally = new Tally();
  private track = new CoverageTrack();
  private spilled = false;

  constructor(private readonly schema: string, private readonly shard: number, private readonly mostSubjects: number) {}

  async take(sql: Sql, batch: EventBatch): Promise<() => void> {
    await setUpTransaction(sql);
    return batch.topic === topics.exposures.name ? this.takeExposures(sql, batch.events) : this.takeConversions(sql, batch.events);
  }

  full(): boolean {
    return this.subjects >= this.mostSubjects;
  }

  async flush(sql: Sql): Promise<() => void> {
    await setUpTransaction(sql);
    const store = new SubjectStore(sql, this.schema);
    const weights = new Tally();
    const [added, changed]: [Subject[], Subject[]] = [[], []];
    for (const helds of this.units.values()) {
      for (const { stored, now } of helds) {
        if (stored === now) continue;
        const plan = this.plans.get(now.experiment) ?? null;
        if (stored !== null) tallySubject(weights, stored, plan, -1);
        tallySubject(weights, now, plan, 1);
        (stored === null ? added : changed).push(now);
      }
    }
    await store.insert(added);
    await store.save(changed);
    for (const tally of [this.tally, weights]) await store.addTally(tally);
    await store.cover(this.track.all());
    return () => {
      [this.units, this.subjects, this.tally, this.track, this.spilled] = [new Map(), 0, new Tally(), new CoverageTrack(), true];
    };
  }

  private async takeExposures(sql: Sql, events: readonly ReceivedEvent[]): Promise<() => void> {
    const { own, others } = sorted(events, exposureRow, (row) => row.unit === row.targetKey && shardOf(row.unit) === this.shard);
    const { fresh, smaller } = await new ArchiveStore(sql, this.schema, false).addExposures(own);
    await new PutOff(sql, this.schema).add(topics.exposures.name, [...others, ...smaller]);
    await this.plansOf(sql, fresh.map(({ experiment }) => experiment));
    const stored = await this.stored(sql, fresh.map(({ unit }) => unit));
    return () => {
      this.hold(stored);
      for (const fact of fresh) this.expose(fact);
    };
  }

  private async takeConversions(sql: Sql, events: readonly ReceivedEvent[]): Promise<() => void> {
    const { own, others } = sorted(events, conversionRow, (row) => shardOf(row.key) === this.shard);
    const { fresh, smaller } = await new ArchiveStore(sql, this.schema, false).addConversions(own);
    await new PutOff(sql, this.schema).add(topics.conversions.name, [...others, ...smaller]);
    const stored = await this.stored(sql, fresh.map(({ key }) => key));
    await this.plansOf(sql, stored.map(({ experiment }) => experiment));
    return () => {
      this.hold(stored);
      for (const fact of fresh) this.convert(fact);
    };
  }

  private expose(fact: ExposureFact): void {
    const plan = this.plans.get(fact.experiment) ?? null;
    const held = this.heldOf(fact);
    held.now = withExposure(held.now, fact, plan);
    if (plan?.variants.has(fact.variant) === true) this.track.note(held.now, fact.at);
  }

  private convert(fact: ConversionFact): void {
    tallyKpi(this.tally, fact, this.shard, 1);
    for (const held of this.units.get(fact.key) ?? NONE) {
      const plan = this.plans.get(held.now.experiment) ?? null;
      if (plan === null) continue;
      if (isCovered(held.now, fact, plan)) this.track.note(held.now, fact.at);
      else if (plan.before === null) continue;
      const feeds = feedsOf(held.now, fact, plan);
      tallyEvent(this.tally, held.now, fact, feeds, 1);
      held.now = withConversion(held.now, fact, feeds);
    }
  }

  private heldOf({ unit, experiment }: ExposureFact): Held {
    const helds = this.units.get(unit) ?? [];
    const found = helds.find(({ now }) => now.experiment === experiment);
    if (found !== undefined) return found;
    const held: Held = { stored: null, now: newSubject(unit, experiment, this.shard) };
    this.units.set(unit, [...helds, held]);
    this.subjects += 1;
    return held;
  }

  /** Subjects of these units that have been written and let go. A unit is held with all its subjects or none. */
  private async stored(sql: Sql, units: readonly string[]): Promise<Subject[]> {
    if (!this.spilled) return [];
    return new SubjectStore(sql, this.schema).ofUnits([...new Set(units)].filter((unit) => !this.units.has(unit)));
  }

  private hold(stored: readonly Subject[]): void {
    for (const subject of stored) this.units.set(subject.unit, [...(this.units.get(subject.unit) ?? []), { stored: subject, now: subject }]);
    this.subjects += stored.length;
  }

  private async plansOf(sql: Sql, experiments: readonly string[]): Promise<void> {
    const unknown = [...new Set(experiments)].filter((experiment) => !this.plans.has(experiment));
    const plans = await new DefinitionStore(sql, this.schema).plans(unknown);
    for (const experiment of unknown) this.plans.set(experiment, plans.get(experiment) ?? null);
  }
}

const takePutOff = async (sql: Sql, schema: string, { topic, rows }: { topic: string; rows: PutOffRow[] }): Promise<void> => {
  const writer = new EvidenceWriter(sql, schema);
  await (topic === topics.exposures.name ? writer.takeExposures(rows as ExposureRow[]) : writer.takeConversions(rows as ConversionRow[]));
};

const finish = async (database: Database, schema: string): Promise<void> => {
  for (let after = '0'; ;) {
    const page = await new PutOff(database, schema).page(after);
    if (page === null) break;
    await database.transaction(async (sql) => {
      await setUpTransaction(sql);
      await takePutOff(sql, schema, page);
    });
    after = page.last;
  }
  await database.query(`truncate ${schema}.put_off`);
};

/** Fills a generation shard by shard: sums in memory, rows by COPY, and each subject written once unless a shard has more than `mostSubjects`. */
export const evidenceFill = (mostSubjects = MOST_SUBJECTS): Fill => ({
  laneOf: (topic, partition) => (topic === topics.exposures.name || topic === topics.conversions.name ? partition : null),
  open: (schema, lane) => new Lane(schema, lane, mostSubjects),
  finish,
});

import { inStretches, type Sql } from '@pataka/event-sourcing';
import { tallyKpi } from '../kpis/kpi-tally';
import type { ConversionRow, ExposureRow } from './archive-row';
import { ArchiveStore } from './archive-store';
import { CoverageTrack } from './coverage-track';
import { nothingTaken } from './event-outcomes';
import type { CompiledPlan, Plan } from './evidence-plan';
import {
  feedsOf, isCovered, newSubject, placeChanged, refolded, tallyEvent, withConversion, withExposure, type ConversionFact, type ExposureFact, type Subject,
} from './evidence.fold';
import { HeldShards } from './held-shards';
import { SubjectCache } from './subject-cache';
import { SubjectRebuild } from './subject-rebuild';
import { refKey, SubjectStore } from './subject-store';
import { Tally } from './tally';
import { byKey, factsOf, keysOf, shardOf, weigh, weighDifference } from './weighing';

type Plans = ReadonlyMap<string, CompiledPlan>;
interface Change { before: Subject | null; after: Subject }

/** Takes exposures and conversions into one generation of the evidence, within one transaction. */
export class EvidenceWriter {
  private readonly archive: ArchiveStore;
  private readonly subjects: SubjectStore;
  private readonly rebuild: SubjectRebuild;
  private readonly shards: HeldShards;
  /** Experiments whose evidence changed. */
  readonly touched = new Set<string>();
  readonly taken = nothingTaken();

  constructor(sql: Sql, schema: string, cache = new SubjectCache()) {
    this.archive = new ArchiveStore(sql, schema);
    this.subjects = new SubjectStore(sql, schema);
    this.rebuild = new SubjectRebuild(sql, schema);
    this.shards = new HeldShards(sql, schema, cache);
  }

  async takeExposures(rows: readonly ExposureRow[]): Promise<void> {
    await this.shards.lock(rows.flatMap((row) => (row.unit === row.targetKey ? [shardOf(row.unit)] : [shardOf(row.unit), shardOf(row.targetKey)])));
    const { fresh, smaller } = await this.archive.addExposures(rows);
    this.taken.exposures.accepted += fresh.length;
    this.taken.exposures.duplicate += rows.length - fresh.length;
    if (fresh.length > 0) await this.foldExposures(fresh);
    if (smaller.length > 0) await this.replaceExposures(smaller);
  }

  async takeConversions(rows: readonly ConversionRow[]): Promise<void> {
    await this.shards.lockKeys([...new Set(rows.map((row) => row.key))]);
    const { fresh, smaller } = await this.archive.addConversions(rows);
    this.taken.conversions.duplicate += rows.length - fresh.length;
    if (fresh.length > 0) await this.foldConversions(fresh);
    if (smaller.length > 0) await this.replaceConversions(smaller);
  }

  /** Weighs an experiment's subjects anew from the archive, because what is asked of them has changed. */
  async rebuildExperiment(plan: Plan): Promise<void> {
    await this.shards.alone(() => this.rebuild.experiment(plan));
    this.touched.add(plan.experiment);
  }

  /** Weighs the subjects seen as or under these keys anew, by plans that change meanwhile. */
  async rebuildSubjects(keys: readonly string[], experiments: readonly string[], change: () => Promise<void>): Promise<void> {
    const refs = (await this.archive.subjectsUnder(keys)).filter(({ experiment }) => experiments.includes(experiment));
    await this.shards.alone(() => this.rebuild.around(refs, change));
    for (const experiment of experiments) this.touched.add(experiment);
  }

  /** Waits until nobody else works on definitions or on any shard. */
  lockDefinitions(): Promise<void> {
    return this.shards.lockDefinitions();
  }

  private async foldExposures(facts: readonly ExposureFact[]): Promise<void> {
    const plans = await this.shards.plans(new Set(facts.map((fact) => fact.experiment)));
    const held = new Map((await this.shards.ofUnits([...new Set(facts.map((fact) => fact.unit))])).map((subject) => [refKey(subject), subject]));
    const changes = new Map<string, Change>();
    const track = new CoverageTrack();
    await inStretches(facts, (fact) => {
      const key = refKey(fact);
      const before = held.get(key) ?? null;
      const current = changes.get(key)?.after ?? before ?? newSubject(fact.unit, fact.experiment, shardOf(fact.unit));
      const plan = plans.get(fact.experiment) ?? null;
      const after = withExposure(current, fact, plan);
      if (after !== before) changes.set(key, { before, after });
      if (plan?.variants.has(fact.variant)) track.note(current, fact.at);
    });
    const { added, changed, tally } = await this.place([...changes.values()], plans, track);
    await this.subjects.insert(added);
    await this.subjects.save(changed);
    this.shards.put([...added, ...changed]);
    await this.write(tally, track);
  }

  /** Weighs anew the subjects whose place changed; answers all that are to be saved. */
  private async place(changes: readonly Change[], plans: Plans, track: CoverageTrack): Promise<{ added: Subject[]; changed: Subject[]; tally: Tally }> {
    const moved = (change: Change): boolean => plans.has(change.after.experiment) && (change.before === null || placeChanged(change.before, change.after, plans.get(change.after.experiment)!));
    const groups = byKey(await this.archive.conversionsOf(keysOf(changes.filter(moved).map(({ after }) => after))));
    const tally = new Tally();
    const placed = (change: Change): Subject => {
      if (!moved(change)) return change.after;
      const plan = plans.get(change.after.experiment)!;
      if (change.before !== null) weigh(tally, change.before, factsOf(change.before, groups), plan, -1);
      const facts = factsOf(change.after, groups);
      const after = refolded(change.after, facts, plan);
      weigh(tally, after, facts, plan, 1);
      for (const fact of facts) if (isCovered(after, fact, plan)) track.note(after, fact.at);
      return after;
    };
    const [added, changed]: [Subject[], Subject[]] = [[], []];
    await inStretches(changes, (change) => void (change.before === null ? added : changed).push(placed(change)));
    return { added, changed, tally };
  }

  private async write(tally: Tally, track: CoverageTrack): Promise<void> {
    await this.subjects.addTally(tally);
    await this.subjects.cover(track.all());
    for (const { experiment } of track.all()) this.touched.add(experiment);
  }

  private async foldConversions(facts: readonly ConversionFact[]): Promise<void> {
    const held = await this.shards.ofKeys([...new Set(facts.map((fact) => fact.key))]);
    const plans = await this.shards.plans(new Set(held.map((subject) => subject.experiment)));
    const groups = byKey(facts);
    this.noteUnmatched(held, groups);
    const tally = new Tally();
    const track = new CoverageTrack();
    const changed: Subject[] = [];
    await inStretches(facts, (fact) => tallyKpi(tally, fact, shardOf(fact.key), 1));
    await inStretches(held, (before) => {
      const plan = plans.get(before.experiment);
      if (plan === undefined || before.entry === null) return;
      let after = before;
      for (const fact of factsOf(before, groups)) {
        const covered = isCovered(before, fact, plan);
        if (covered) track.note(before, fact.at);
        else if (plan.before === null) continue;
        const feeds = feedsOf(before, fact, plan);
        if (covered) this.noteMatched(feeds);
        tallyEvent(tally, before, fact, feeds, 1);
        after = withConversion(after, fact, feeds);
      }
      if (after === before) return;
      weighDifference(tally, before, after, plan);
      changed.push(after);
    });
    await this.subjects.saveMetrics(changed);
    this.shards.put(changed);
    await this.write(tally, track);
  }

  private noteMatched({ length }: readonly unknown[]): void {
    this.taken.conversions[length === 0 ? 'late' : 'accepted'] += 1;
  }

  private noteUnmatched(held: readonly Subject[], groups: ReadonlyMap<string, ConversionFact[]>): void {
    const matched = new Set<string>();
    for (const { unit, keys } of held) {
      matched.add(unit);
      for (const key of keys) matched.add(key);
    }
    for (const [key, facts] of groups) if (!matched.has(key)) this.taken.conversions.unmatched += facts.length;
  }

  // Copies of one event that differ are a producer's fault and rare: all shards are taken, and the subjects concerned are built anew.
  private replaceExposures(rows: readonly ExposureRow[]): Promise<void> {
    return this.shards.alone(async () => {
      const smaller = await this.archive.stillSmallerExposures(rows);
      const refs = [...smaller, ...(await this.archive.exposuresById(smaller.map(({ id }) => id)))];
      await this.rebuild.around(refs, () => this.archive.replaceExposures(smaller));
      for (const { experiment } of refs) this.touched.add(experiment);
    });
  }

  private replaceConversions(rows: readonly ConversionRow[]): Promise<void> {
    return this.shards.alone(async () => {
      const smaller = await this.archive.stillSmallerConversions(rows);
      const replaced = await this.archive.conversionsById(smaller.map(({ id }) => id));
      const concerned = [...smaller, ...replaced];
      const refs = await this.shards.ofKeys([...new Set(concerned.map(({ key }) => key))]);
      await this.rebuild.around(refs, () => this.archive.replaceConversions(smaller));
      const kpis = new Tally();
      for (const fact of replaced) tallyKpi(kpis, fact, shardOf(fact.key), -1);
      for (const fact of smaller) tallyKpi(kpis, fact, shardOf(fact.key), 1);
      await this.subjects.addTally(kpis);
      for (const { experiment } of refs) this.touched.add(experiment);
    });
  }
}

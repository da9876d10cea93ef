import type { Sql } from '@pataka/event-sourcing';
import { ArchiveStore } from './archive-store';
import { CoverageTrack } from './coverage-track';
import { DefinitionStore } from './definition-store';
import type { CompiledPlan, Plan } from './evidence-plan';
import { isCovered, newSubject, refolded, withExposure, type ConversionFact, type ExposureFact, type Subject } from './evidence.fold';
import type { Micros } from './instant';
import { refKey, SubjectStore, type SubjectRef } from './subject-store';
import { Tally } from './tally';
import { byKey, factsOf, keysOf, shardOf, weigh } from './weighing';

const PAGE = 1000;
type Plans = ReadonlyMap<string, CompiledPlan>;

/** Builds subjects from the archive alone. Needs every shard's lock. */
export class SubjectRebuild {
  private readonly archive: ArchiveStore;
  private readonly subjects: SubjectStore;
  private readonly definitions: DefinitionStore;

  constructor(private readonly sql: Sql, private readonly schema: string) {
    this.archive = new ArchiveStore(sql, schema);
    this.subjects = new SubjectStore(sql, schema);
    this.definitions = new DefinitionStore(sql, schema);
  }

  /** Weighs all subjects of an experiment anew. */
  async experiment(plan: Plan): Promise<void> {
    const plans = await this.definitions.plans([plan.experiment]);
    await this.subjects.forget(plan.experiment);
    for (let after: string | null = null; ;) {
      const units: string[] = await this.subjects.unitsOf(plan.experiment, after, PAGE);
      if (units.length === 0) return;
      await this.subjects.cover((await this.build(units.map((unit) => ({ unit, experiment: plan.experiment })), plans, new Tally())).all());
      after = units.at(-1)!;
    }
  }

  /** Takes the subjects back, lets the archive or the plans change, and builds them anew. */
  async around(refs: readonly SubjectRef[], change: () => Promise<void>): Promise<void> {
    const experiments = [...new Set(refs.map(({ experiment }) => experiment))];
    const plansBefore = await this.definitions.plans(experiments);
    const tally = new Tally();
    const before = await this.takeBack(refs, plansBefore, tally);
    await change();
    const plans = await this.definitions.plans(experiments);
    await this.subjects.remove(refs);
    const after = await this.build(refs, plans, tally);
    for (const covered of before.all()) await this.recover(covered.experiment, covered.shard, covered.newest, plans.get(covered.experiment)!);
    await this.subjects.cover(after.all());
  }

  private async takeBack(refs: readonly SubjectRef[], plans: Plans, tally: Tally): Promise<CoverageTrack> {
    const exposures = await this.exposuresOf(refs);
    const wanted = new Set(refs.map(refKey));
    const held = (await this.subjects.ofUnits(refs.map(({ unit }) => unit))).filter((subject) => wanted.has(refKey(subject)));
    const groups = byKey(await this.archive.conversionsOf(keysOf(held)));
    const track = new CoverageTrack();
    for (const subject of held) {
      const plan = plans.get(subject.experiment);
      if (plan === undefined) continue;
      weigh(tally, subject, factsOf(subject, groups), plan, -1);
      noteAll(track, subject, exposures.get(refKey(subject)) ?? [], factsOf(subject, groups), plan);
    }
    return track;
  }

  private async build(refs: readonly SubjectRef[], plans: Plans, tally: Tally): Promise<CoverageTrack> {
    const exposures = await this.exposuresOf(refs);
    const seen = [...exposures.values()].map((facts) => {
      const { unit, experiment } = facts[0]!;
      return facts.reduce((subject, fact) => withExposure(subject, fact, plans.get(experiment) ?? null), newSubject(unit, experiment, shardOf(unit)));
    });
    const groups = byKey(await this.archive.conversionsOf(keysOf(seen)));
    const track = new CoverageTrack();
    const built = seen.map((subject) => {
      const plan = plans.get(subject.experiment);
      if (plan === undefined) return subject;
      const facts = factsOf(subject, groups);
      const after = refolded(subject, facts, plan);
      weigh(tally, after, facts, plan, 1);
      noteAll(track, after, exposures.get(refKey(after))!, facts, plan);
      return after;
    });
    await this.subjects.save(built);
    await this.subjects.addTally(tally);
    return track;
  }

  private async exposuresOf(refs: readonly SubjectRef[]): Promise<Map<string, ExposureFact[]>> {
    const groups = new Map<string, ExposureFact[]>();
    const wanted = new Set(refs.map(refKey));
    for (const fact of await this.archive.exposuresOf([...new Set(refs.map(({ unit }) => unit))])) {
      const key = refKey(fact);
      if (wanted.has(key)) groups.set(key, [...(groups.get(key) ?? []), fact]);
    }
    return groups;
  }

  // A maximum cannot be taken back. Unless a newer event of other subjects holds it up, it is looked for in the archive.
  private async recover(experiment: string, shard: number, lost: Micros, { plan, variants, feeds }: CompiledPlan): Promise<void> {
    const gone = await this.sql.query(`delete from ${this.schema}.coverage where experiment = $1 and shard = $2 and newest <= $3 returning 1`, [experiment, shard, lost]);
    if (gone.length === 0) return;
    await this.sql.query(
      `with mine as (select unit, keys, entry_at from ${this.schema}.subject where experiment = $1 and shard = $2 and entry_at is not null),
       instants as (
         select e.at from mine join ${this.schema}.exposure_archive e on e.unit = mine.unit where e.experiment = $1 and e.variant = any($3::text[])
         union all
         select c.at from mine cross join lateral unnest(array_append(mine.keys, mine.unit)) mine_key join ${this.schema}.conversion_archive c on c.key = mine_key
         where c.at >= mine.entry_at and c.metric = any($4::text[]) and (c.experiment is null or c.experiment = $1) and (c.environment is null or $5::text is null or c.environment = $5))
       insert into ${this.schema}.coverage (experiment, shard, newest) select $1, $2, max(at) from instants having max(at) is not null`,
      [experiment, shard, [...variants], [...feeds.keys()], plan.environment]);
  }
}

const noteAll = (track: CoverageTrack, subject: Subject, exposures: readonly ExposureFact[], facts: readonly ConversionFact[], plan: CompiledPlan): void => {
  for (const fact of exposures) if (plan.variants.has(fact.variant)) track.note(subject, fact.at);
  for (const fact of facts) if (isCovered(subject, fact, plan)) track.note(subject, fact.at);
};

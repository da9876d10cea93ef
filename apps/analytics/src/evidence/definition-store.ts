import type { Correction, Experiment, Metric, MetricDefinition } from '@pataka/contracts';
import type { Sql } from '@pataka/event-sourcing';
import { compilePlan, planOf, type CompiledPlan, type Plan } from './evidence-plan';
import { arrayOf, columnsOf } from './sql-arrays';

/** Experiments and metrics as the evidence knows them: the newest version that the log holds, whatever came first. */
export class DefinitionStore {
  constructor(private readonly sql: Sql, private readonly schema: string) {}

  async plans(experiments: readonly string[]): Promise<Map<string, CompiledPlan>> {
    if (experiments.length === 0) return new Map();
    const rows = await this.sql.query<{ id: string; plan: Plan }>(`select id, plan from ${this.schema}.experiment where id = any($1::text[])`, [arrayOf(experiments)]);
    const corrections = await this.correctionsById(rows.flatMap(({ plan }) => plan.corrections ?? []));
    return new Map(rows.map(({ id, plan }) => [id, compilePlan(plan, corrections)]));
  }

  private async correctionsById(ids: readonly string[]): Promise<Map<string, Correction>> {
    if (ids.length === 0) return new Map();
    const rows = await this.sql.query<{ id: string; document: Correction }>(`select id, document from ${this.schema}.correction where id = any($1::text[])`, [arrayOf([...new Set(ids)])]);
    return new Map(rows.map(({ id, document }) => [id, document]));
  }

  /** Every correction that was ever made, reverted ones too. */
  async corrections(): Promise<Correction[]> {
    return (await this.sql.query<{ document: Correction }>(`select document from ${this.schema}.correction order by id`)).map(({ document }) => document);
  }

  /** Keeps what is newer than known; answers the corrections that changed. */
  async takeCorrections(corrections: readonly Correction[]): Promise<Correction[]> {
    const changed: Correction[] = [];
    for (const correction of corrections) {
      const rows = await this.sql.query(
        `insert into ${this.schema}.correction as c (id, version, document) values ($1, $2, $3)
         on conflict (id) do update set version = excluded.version, document = excluded.document where c.version < excluded.version returning id`,
        [correction.id, correction.version, JSON.stringify(correction)]);
      if (rows.length > 0) changed.push(correction);
    }
    return changed;
  }

  /** Keeps what is newer than known; answers the keys of the metrics that changed. */
  async takeMetrics(metrics: readonly Metric[]): Promise<string[]> {
    const changed: string[] = [];
    for (const metric of metrics) {
      const rows = await this.sql.query(
        `insert into ${this.schema}.metric as m (key, version, document) values ($1, $2, $3)
         on conflict (key) do update set version = excluded.version, document = excluded.document where m.version < excluded.version returning key`,
        [metric.key, metric.version, JSON.stringify(metric)]);
      if (rows.length > 0) changed.push(metric.key);
    }
    return changed;
  }

  async catalogue(): Promise<Map<string, MetricDefinition>> {
    const rows = await this.sql.query<{ key: string; document: Metric }>(`select key, document from ${this.schema}.metric`);
    return new Map(rows.map(({ key, document }) => [key, document]));
  }

  /** Keeps the experiment if it is newer than known, with its plan as it was before (null for a new one); null if it is not newer. */
  async takeExperiment(experiment: Experiment, catalogue: ReadonlyMap<string, MetricDefinition>, corrections: readonly Correction[]): Promise<{ before: Plan | null; after: Plan } | null> {
    const [held] = await this.sql.query<{ version: number; plan: Plan }>(`select version, plan from ${this.schema}.experiment where id = $1`, [experiment.id]);
    if (held !== undefined && held.version >= experiment.version) return null;
    const after = planOf(experiment, catalogue, corrections);
    await this.sql.query(
      `insert into ${this.schema}.experiment (id, key, version, document, plan) values ($1, $2, $3, $4, $5)
       on conflict (id) do update set key = excluded.key, version = excluded.version, document = excluded.document, plan = excluded.plan`,
      [experiment.id, experiment.key, experiment.version, JSON.stringify(experiment), JSON.stringify(after)]);
    return { before: held?.plan ?? null, after };
  }

  /** The experiments whose plan is another one by what is known now; nothing is changed yet. */
  async replanned(): Promise<PlanChange[]> {
    const [catalogue, corrections] = [await this.catalogue(), await this.corrections()];
    const rows = await this.sql.query<{ id: string; document: Experiment; plan: Plan }>(`select id, document, plan from ${this.schema}.experiment order by id`);
    return rows.map(({ document, plan }) => ({ before: plan, after: planOf(document, catalogue, corrections) })).filter(({ before, after }) => planText(before) !== planText(after));
  }

  async savePlans(changes: readonly PlanChange[]): Promise<void> {
    if (changes.length === 0) return;
    await this.sql.query(
      `update ${this.schema}.experiment e set plan = p.plan from unnest($1::text[], $2::jsonb[]) p(id, plan) where e.id = p.id`,
      columnsOf(changes, (change) => change.after.experiment, (change) => JSON.stringify(change.after)));
  }
}

/** An experiment's plan as it was and as it is to be. */
export interface PlanChange { before: Plan; after: Plan }

// jsonb gives members back in its own order.
const inOrder = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, inOrder(member)]));
};

const planText = (plan: Plan): string => JSON.stringify([
  plan.environment, plan.variants, plan.phases,
  plan.metrics.map((metric) => [metric.key, metric.type, metric.event, metric.aggregation, metric.denominatorEvent, metric.cap, metric.window, metric.before === true, metric.perMember === true, metric.segmented === true]),
  plan.segments === undefined ? null : [plan.segments.attributes, plan.segments.metric], inOrder(plan.exclusions ?? []), plan.corrections ?? [],
]);

/** How two plans differ: not at all, in phases only (which matters to exposures that name none), or in more. */
export const planDifference = (before: Plan | null, after: Plan): 'none' | 'phases' | 'more' => {
  if (before === null) return 'more';
  if (planText(before) === planText(after)) return 'none';
  return planText({ ...before, phases: [] }) === planText({ ...after, phases: [] }) ? 'phases' : 'more';
};

import { type CreateExperiment, DomainError, type Experiment, type Fault, type Holdout, type LayerMember, type LayerPlace, type LayerView, type TrafficRange } from '@pataka/contracts';
import type { Sql } from '@pataka/event-sourcing';
import { allocate, BUCKETS, freeOf, grow, type Holder, type Range, saltOfLayer, unitOf } from './allocation';

/** Where an experiment may be: its buckets of its layer, and all ranges that a unit has to lie in. */
export interface Placement { layer?: Range; traffic?: TrafficRange[] }

type Wanting = Pick<Experiment, 'layer' | 'holdouts' | 'bucketBy' | 'environment'>;

const holderOf = ({ id, key, layer, bucketBy }: Experiment): Holder =>
  ({ experimentId: id, key, share: layer!.share, from: layer!.from!, until: layer!.until!, ...(bucketBy === undefined ? {} : { bucketBy }) });

const layerRange = (layer: string, { from, until }: Range, bucketBy: string | undefined): TrafficRange =>
  ({ salt: saltOfLayer(layer), ...(bucketBy === undefined ? {} : { bucketBy }), from, until });

const holdoutRange = ({ salt, bucketBy, until }: Holdout): TrafficRange => ({ salt, ...(bucketBy === undefined ? {} : { bucketBy }), from: until, until: BUCKETS });

/** What is there of layers and holdouts; read in the transaction of the command that needs it, so that nobody can come between. */
export class Placements {
  private readonly documents: string;

  constructor(schema: string) {
    this.documents = `${schema}.documents`;
  }

  /** What a start comes to. @throws DomainError where its layer has no room, or a holdout is not there */
  async placementOf(sql: Sql, experiment: Wanting): Promise<Placement> {
    const { layer, bucketBy, environment } = experiment;
    const held = await this.held(sql, experiment);
    const range = layer === undefined ? undefined : allocate({ layer: layer.key, share: layer.share, unit: unitOf(experiment) }, await this.holders(sql, layer.key, environment));
    const traffic = [...(range === undefined ? [] : [layerRange(layer!.key, range, bucketBy)]), ...held.map(holdoutRange)];
    return { ...(range === undefined ? {} : { layer: range }), ...(traffic.length === 0 ? {} : { traffic }) };
  }

  /** What a larger share of a running experiment comes to; nothing for a draft. @throws DomainError where it is another layer, less, or has no room */
  async growthOf(sql: Sql, experiment: Experiment | null, wanted: LayerPlace): Promise<Placement> {
    if (experiment === null || !['ACTIVE', 'PAUSED'].includes(experiment.status)) return {};
    const { layer, traffic = [] } = experiment;
    if (layer?.from === undefined || layer.key !== wanted.key) throw new DomainError('illegal-transition', 'An experiment keeps to its layer while it runs', [{ pointer: '/layer/key', detail: 'is fixed while the experiment runs' }]);
    if (wanted.share < layer.share) throw new DomainError('validation', undefined, [{ pointer: '/layer/share', detail: `is below the ${layer.share} it has: lowering it would throw subjects out` }]);
    const range = grow({ layer: layer.key, share: wanted.share, unit: unitOf(experiment) }, holderOf(experiment), await this.holders(sql, layer.key, experiment.environment));
    const salt = saltOfLayer(layer.key);
    return { layer: range, traffic: traffic.map((one) => (one.salt === salt ? { ...one, ...range } : one)) };
  }

  /** What of a new experiment could never be placed: holdouts that are not there, or a layer that buckets something else. */
  async faults(sql: Sql, body: CreateExperiment): Promise<Fault[]> {
    const environment = body.environment ?? 'production';
    const known = await this.holdouts(sql, body.holdouts ?? []);
    const missing = (body.holdouts ?? []).flatMap((key, index) => {
      const holdout = known.get(key);
      return holdout?.environment === environment ? [] : [{ pointer: `/holdouts/${index}`, detail: holdout === undefined ? `there is no holdout "${key}"` : `is of environment ${holdout.environment}` }];
    });
    const [first] = body.layer === undefined ? [] : await this.holders(sql, body.layer.key, environment);
    const otherUnit = first !== undefined && unitOf(first) !== unitOf(body);
    return [...missing, ...(otherUnit ? [{ pointer: '/bucketBy', detail: `layer "${body.layer!.key}" buckets by ${unitOf(first)}, as ${first.key} does` }] : [])];
  }

  /** Every layer that a draft or running experiment names. */
  async layers(sql: Sql): Promise<LayerView[]> {
    const rows = await sql.query<{ document: Experiment }>(
      `SELECT document FROM ${this.documents} WHERE category = 'experiment' AND document ? 'layer' AND document->>'status' IN ('DRAFT', 'ACTIVE', 'PAUSED') ORDER BY document->'layer'->>'key', document->>'environment', key`);
    const groups = new Map<string, Experiment[]>();
    for (const { document } of rows) {
      const name = JSON.stringify([document.layer!.key, document.environment]);
      groups.set(name, [...(groups.get(name) ?? []), document]);
    }
    return [...groups.values()].map(viewOf);
  }

  private async held(sql: Sql, { holdouts = [], environment }: Wanting): Promise<Holdout[]> {
    const known = await this.holdouts(sql, holdouts);
    return holdouts.map((key, index) => {
      const holdout = known.get(key);
      if (holdout === undefined || holdout.environment !== environment) throw new DomainError('illegal-transition', `There is no holdout "${key}" in ${environment}`, [{ pointer: `/holdouts/${index}`, detail: 'is not there' }]);
      return holdout;
    }).filter(({ status }) => status === 'ACTIVE');
  }

  private async holdouts(sql: Sql, keys: readonly string[]): Promise<Map<string, Holdout>> {
    if (keys.length === 0) return new Map();
    const rows = await sql.query<{ document: Holdout }>(`SELECT document FROM ${this.documents} WHERE category = 'holdout' AND key = ANY($1)`, [keys]);
    return new Map(rows.map(({ document }) => [document.key, document]));
  }

  private async holders(sql: Sql, layer: string, environment: string): Promise<Holder[]> {
    const rows = await sql.query<{ document: Experiment }>(
      `SELECT document FROM ${this.documents} WHERE category = 'experiment' AND document->'layer'->>'key' = $1 AND document->>'environment' = $2
         AND document->>'status' IN ('ACTIVE', 'PAUSED') AND document->'layer' ? 'from' ORDER BY key`, [layer, environment]);
    return rows.map(({ document }) => holderOf(document));
  }
}

const memberOf = ({ id, key, name = key, status, layer }: Experiment): LayerMember => ({ id, key, name, status, share: layer!.share, from: layer!.from ?? null, until: layer!.until ?? null });

const viewOf = (experiments: readonly Experiment[]): LayerView => {
  const holders = experiments.filter(({ layer }) => layer!.from !== undefined).map(holderOf);
  const { free, longest } = freeOf(holders);
  const [first] = experiments;
  const unit = unitOf(experiments.find(({ layer }) => layer!.from !== undefined) ?? first!);
  return { key: first!.layer!.key, environment: first!.environment, bucketBy: unit, taken: (BUCKETS - free) / 1000, free: free / 1000, longestFree: longest / 1000, experiments: experiments.map(memberOf) };
};

import type { ConversionFact } from '../evidence/evidence.fold';
import { dayOf } from '../evidence/instant';
import type { Tally } from '../evidence/tally';
import { kpiDefinitions } from './kpi-definitions';

/** What the sums file the business's figures under: they are of no experiment. */
export const NO_EXPERIMENT = '';

const metrics: ReadonlySet<string> = new Set(kpiDefinitions.map(({ metric }) => metric));
const PRODUCTION = 'production';

/** Adds (sign 1) or takes back (sign -1) what a conversion means to the business. Few names count, so that the sums stay few whatever is sent. */
export const tallyKpi = (tally: Tally, fact: ConversionFact, shard: number, sign: 1 | -1): void => {
  if (!metrics.has(fact.metric) || (fact.environment !== null && fact.environment !== PRODUCTION)) return;
  tally.add({ axis: 'happened', shard, experiment: NO_EXPERIMENT, variant: '', metric: fact.metric, phase: 0, at: dayOf(fact.at) }, sign, fact.value);
};

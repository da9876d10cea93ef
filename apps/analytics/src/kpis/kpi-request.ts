import { DomainError, type Fault } from '@pataka/contracts';
import { parameter, type Query } from '@pataka/platform';
import { parseDay, type Day } from '../evidence/instant';
import type { KpiRequest } from './kpis';

const DEFAULT_DAYS = 30;
const MOST_DAYS = 731;

const periodFaults = (from: Day, until: Day): Fault[] => {
  if (from > until) return [{ pointer: '/from', detail: 'must not be after until' }];
  return until - from < MOST_DAYS ? [] : [{ pointer: '/from', detail: `must be less than ${MOST_DAYS} days before until` }];
};

/** What the query asks for: local days, both inclusive, by default the last 30. @throws DomainError that names every fault */
export const kpiRequest = (query: Query, today: Day): KpiRequest => {
  const faults: Fault[] = [];
  const day = (name: string): Day | null => {
    const text = parameter(query, name);
    const found = text === undefined ? null : parseDay(text);
    if (text !== undefined && found === null) faults.push({ pointer: `/${name}`, detail: 'must be a local day YYYY-MM-DD' });
    return found;
  };
  const [first, last] = [day('from'), day('until')];
  const until = last ?? Math.max(today, first ?? 0);
  const from = first ?? until - DEFAULT_DAYS + 1;
  const by = parameter(query, 'by') ?? 'day';
  if (by !== 'day' && by !== 'month') faults.push({ pointer: '/by', detail: 'must be day or month' });
  if (faults.length === 0) faults.push(...periodFaults(from, until));
  if (faults.length > 0) throw new DomainError('validation', 'the period is not valid', faults);
  return { from, until, by: by === 'month' ? 'month' : 'day' };
};

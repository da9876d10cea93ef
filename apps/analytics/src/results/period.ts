import { DomainError, type Experiment, type Fault } from '@pataka/contracts';
import { dayOf, parseDay, parseInstant, type Day } from '../evidence/instant';
import type { ReportInput, ReportRequest } from './report';
import { methods, type Method } from './report-context';

const DEFAULT_DAYS = 30;

/** The newest day that there is evidence of; without any, the day the experiment was started or made: never today, so that a report repeats. */
const newestDay = ({ newest, experiment }: Pick<ReportInput, 'newest' | 'experiment'>): Day => dayOf(newest ?? parseInstant(experiment.startedAt ?? experiment.createdAt) ?? 0);

/** The whole experiment, whenever its subjects came in. */
export const wholePeriod = (input: Pick<ReportInput, 'newest' | 'experiment' | 'rows'>): ReportRequest => {
  const days = input.rows.filter(({ axis }) => axis === 'exposed').map(({ day }) => day);
  const to = newestDay(input);
  return { from: days.reduce((least, day) => Math.min(least, day), to), to, method: null };
};

export interface PeriodQuery { startDate?: string; endDate?: string; method?: string }

const faultsOf = ({ startDate, endDate, method }: PeriodQuery): Fault[] => {
  const faults: Fault[] = [];
  for (const [name, text] of [['startDate', startDate], ['endDate', endDate]] as const) {
    if (text !== undefined && parseDay(text) === null) faults.push({ pointer: `/${name}`, detail: 'must be a local day YYYY-MM-DD' });
  }
  if (method !== undefined && !methods.includes(method as Method)) faults.push({ pointer: '/method', detail: `must be one of ${methods.join(', ')}` });
  return faults;
};

/** What the query asks for: local days, both inclusive, by default the last 30 that are covered. */
export const requestOf = (query: PeriodQuery, input: Pick<ReportInput, 'newest'> & { experiment: Experiment }): ReportRequest => {
  const faults = faultsOf(query);
  const start = query.startDate === undefined ? null : parseDay(query.startDate);
  const end = query.endDate === undefined ? null : parseDay(query.endDate);
  const to = end ?? Math.max(newestDay(input), start ?? 0);
  const from = start ?? to - DEFAULT_DAYS + 1;
  if (faults.length === 0 && from > to) faults.push({ pointer: '/startDate', detail: 'must not be after endDate' });
  if (faults.length > 0) throw new DomainError('validation', 'the period is not valid', faults);
  return { from, to, method: (query.method as Method | undefined) ?? null };
};

import { DomainError, type Fault } from '@pataka/contracts';
import { parameter, type Query } from '@pataka/platform';
import { parseInstant, type Micros } from '../evidence/instant';

/** Which recorded exposures of a subject are asked for; null: whatever. */
export interface ExposureQuery {
  flag: string | null; experiment: string | null; environment: string | null; variant: string | null;
  from: Micros; until: Micros; descending: boolean;
}

const EARLIEST: Micros = 0;
const LATEST: Micros = Number.MAX_SAFE_INTEGER;
const MAX_TEXT = 128;
const NUL = String.fromCharCode(0);

/** Reads the filters of a list of exposures. @throws DomainError `validation` that names every parameter at fault */
export const exposureQueryOf = (query: Query): ExposureQuery => {
  const faults: Fault[] = [];
  const text = (name: string): string | null => {
    const value = parameter(query, name);
    // PostgreSQL holds no NUL, so nothing that has one was ever recorded.
    if (value !== undefined && (value.length > MAX_TEXT || value.includes(NUL))) faults.push({ pointer: `/${name}`, detail: `must be a text of at most ${MAX_TEXT} characters` });
    return value ?? null;
  };
  const instant = (name: string, fallback: Micros): Micros => {
    // An unencoded + of the zone has become a blank on its way.
    const value = parameter(query, name)?.replace(/ (?=\d{2}:\d{2}$)/, '+');
    const at = value === undefined ? fallback : parseInstant(value);
    if (at === null) faults.push({ pointer: `/${name}`, detail: 'must be an RFC 3339 instant with a zone' });
    return at ?? fallback;
  };
  const order = parameter(query, 'order') ?? 'asc';
  if (order !== 'asc' && order !== 'desc') faults.push({ pointer: '/order', detail: 'must be asc or desc' });
  const found = {
    flag: text('flag'), experiment: text('experiment'), environment: text('environment'), variant: text('variant'),
    from: instant('from', EARLIEST), until: instant('until', LATEST), descending: order === 'desc',
  };
  if (faults.length === 0 && found.from > found.until) faults.push({ pointer: '/from', detail: 'is later than until' });
  if (faults.length > 0) throw new DomainError('validation', `${faults.length} fault${faults.length === 1 ? '' : 's'} in the request`, faults);
  return found;
};

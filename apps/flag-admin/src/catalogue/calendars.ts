import { Calendar, type Fault } from '@pataka/contracts';
import { parseInstant, faultOf, isRecord, listOf, type Check } from '@pataka/evaluation';
import { timeZone } from '../faults/time-zone';
import { catalogueAggregate } from './catalogue.decider';

const localDate: Check = (value) =>
  typeof value === 'string' && parseInstant(`${value}T00:00:00Z`) === undefined ? 'must be a date of the calendar, such as 2026-06-01' : null;

const periodFaults = (period: unknown, pointer: string): Fault[] => {
  if (!isRecord(period)) return [];
  const { from, until } = period;
  const backwards = typeof from === 'string' && typeof until === 'string' && from > until;
  return [
    ...faultOf(`${pointer}/from`, localDate(from)),
    ...faultOf(`${pointer}/until`, localDate(until) ?? (backwards ? 'must not be before from' : null)),
  ];
};

export const calendarAggregate = catalogueAggregate({
  kind: 'calendar',
  shape: Calendar,
  uploaded: [],
  faults: (body) => [
    ...faultOf('/timezone', timeZone(body['timezone'])),
    ...listOf(body['periods']).flatMap((period, index) => periodFaults(period, `/periods/${index}`)),
  ],
});

import type { Fault } from '@pataka/contracts';
import { parseInstant, faultOf, isRecord, listOf, type Check, instantFault as instant } from '@pataka/evaluation';
import { timeZone } from '../faults/time-zone';

const optionalInstant: Check = (value) => (value === undefined ? null : instant(value));

const orderFault = (from: unknown, until: unknown): string | null => {
  const start = typeof from === 'string' ? parseInstant(from) : undefined;
  const end = typeof until === 'string' ? parseInstant(until) : undefined;
  return start !== undefined && end !== undefined && start >= end ? 'must be after from' : null;
};

const windowFaults = (window: unknown, pointer: string): Fault[] => {
  if (!isRecord(window)) return [];
  const { days, start, end } = window;
  const ordered = typeof start !== 'string' || typeof end !== 'string' || start < end;
  return [
    ...faultOf(`${pointer}/days`, Array.isArray(days) && days.length === 0 ? 'names no day: leave it out for every day' : null),
    ...faultOf(`${pointer}/end`, ordered ? null : 'must be after start; a window past midnight is two windows', 'not-after'),
    ...faultOf(`${pointer}/timezone`, timeZone(window['timezone'])),
  ];
};

export const scheduleFaults = (schedule: unknown, pointer: string): Fault[] => {
  if (!isRecord(schedule)) return [];
  return [
    ...faultOf(`${pointer}/from`, optionalInstant(schedule['from'])),
    ...faultOf(`${pointer}/until`, optionalInstant(schedule['until'])),
    ...(optionalInstant(schedule['until']) === null ? faultOf(`${pointer}/until`, orderFault(schedule['from'], schedule['until']), 'not-after') : []),
    ...listOf(schedule['windows']).flatMap((window, index) => windowFaults(window, `${pointer}/windows/${index}`)),
  ];
};

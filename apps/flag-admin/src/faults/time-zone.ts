import { isTimeZone } from '@pataka/evaluation';
import type { Check } from './faults';

export const timeZone: Check = (value) => (typeof value === 'string' && !isTimeZone(value) ? `"${value}" is no IANA time zone` : null);

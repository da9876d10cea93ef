import { isTimeZone, type Check } from '@pataka/evaluation';

export const timeZone: Check = (value) => (typeof value === 'string' && !isTimeZone(value) ? `"${value}" is no IANA time zone` : null);

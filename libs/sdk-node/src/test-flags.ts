import type { Flag } from '@pataka/contracts';
import type { Ruleset } from '@pataka/evaluation';
import type { FlagValue } from './flag-types';

const typeOf = (value: FlagValue): Flag['type'] => {
  if (typeof value === 'boolean') return 'BOOLEAN';
  if (typeof value === 'string') return 'STRING';
  return typeof value === 'number' ? 'NUMBER' : 'JSON';
};

/** A flag that serves one value to everybody. */
export const testFlag = (key: string, value: FlagValue, version: number): Flag => ({
  key, type: typeOf(value), status: 'ACTIVE', defaultValue: value, defaultVariant: 'test', version, environments: { test: { enabled: true, rules: [] } },
});

/** A ruleset of such flags. */
export const testRuleset = (values: Readonly<Record<string, FlagValue>>): Ruleset => ({
  environment: 'test', position: 1, flags: Object.entries(values).map(([key, value]) => testFlag(key, value, 1)), segments: [], regions: [], calendars: [],
});

import type { FlagType, FlagValue } from '@pataka/contracts';

/** A flag's value as it is edited: a text as it is, all else as JSON. */
export const valueText = (value: FlagValue | undefined): string => {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value, null, 2) : String(value);
};

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** The value that a text stands for; undefined when it is none of the flag's type. */
export const valueFromText = (text: string, type: FlagType): FlagValue | undefined => {
  if (type === 'STRING') return text;
  const value = parsed(text.trim());
  if (type === 'BOOLEAN') return typeof value === 'boolean' ? value : undefined;
  if (type === 'NUMBER') return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
  return isObject(value) ? (value as FlagValue) : undefined;
};

/** What a new value of a type starts as. */
export const startingText: Readonly<Record<FlagType, string>> = { BOOLEAN: 'true', STRING: '', NUMBER: '0', JSON: '{}' };

/** A value in a line, for lists and sentences. */
export const shortValue = (value: unknown, most = 60): string => {
  const text = typeof value === 'string' ? `“${value}”` : JSON.stringify(value) ?? '–';
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
};

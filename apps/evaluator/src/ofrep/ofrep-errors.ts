import { DomainError } from '@pataka/contracts';
import type { ErrorCode } from '@pataka/evaluation';
import { toDomainError } from '@pataka/platform';

const statuses: Partial<Record<ErrorCode, number>> = { FLAG_NOT_FOUND: 404 };
const titles: Record<ErrorCode, string> = {
  FLAG_NOT_FOUND: 'There is no such flag',
  TARGETING_KEY_MISSING: 'A targeting key is needed',
  INVALID_CONTEXT: 'The context is not valid',
  PARSE_ERROR: 'The request or the flag cannot be read',
  GENERAL: 'The evaluation failed',
};

/** OFREP's failure with the members of RFC 9457, for one flag. Always has `errorDetails`: clients of other languages rely on it. */
export const failureText = (key: string | undefined, errorCode: ErrorCode, errorDetails: string): { status: number; text: string } => {
  const status = statuses[errorCode] ?? 400;
  const type = `/problems/${errorCode.toLowerCase().replaceAll('_', '-')}`;
  const text = JSON.stringify({ ...(key === undefined ? {} : { key }), errorCode, errorDetails, type, title: titles[errorCode], status, detail: errorDetails });
  return { status, text };
};

/** A refused body in OFREP's words; null for what is no matter of the body (access, sizes, media types, outages): those stay problems. */
export const bodyFailure = (key: string | undefined, thrown: unknown): { status: number; text: string } | null => {
  const error = toDomainError(thrown);
  if (!(thrown instanceof DomainError)) return null;
  if (error.code === 'malformed-json') return failureText(key, 'PARSE_ERROR', error.message);
  if (error.code !== 'validation') return null;
  const faults = error.faults.map(({ pointer, detail }) => `${pointer} ${detail}`).join('; ');
  return failureText(key, 'INVALID_CONTEXT', faults === '' ? error.message : faults);
};

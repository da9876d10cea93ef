import { DomainError } from '@pataka/contracts';
import { Answer } from './answer';

/** Query parameters as Fastify gives them. */
export type Query = Record<string, unknown>;
/** A page asked for: how many, and after which place. */
export interface Page { limit: number; after: string }

const refuse = (pointer: string, detail: string): never => {
  throw new DomainError('validation', detail, [{ pointer, detail }]);
};

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

/** One query parameter, or nothing; a repeated one is nobody's guess. */
export const parameter = (query: Query, name: string): string | undefined => {
  const value = query[name];
  if (value === undefined || value === '') return undefined;
  if (typeof value !== 'string') refuse(`/${name}`, 'is given more than once');
  return value as string;
};

const limitOf = (query: Query): number => {
  const text = parameter(query, 'limit');
  const limit = text === undefined ? DEFAULT_LIMIT : Number(text);
  if (!/^\d{1,4}$/.test(text ?? '1') || limit < 1 || limit > MAX_LIMIT) refuse('/limit', `must be a whole number from 1 to ${MAX_LIMIT}`);
  return limit;
};

const cursorOf = (query: Query, isKey: RegExp): string => {
  const text = parameter(query, 'cursor');
  if (text === undefined) return '';
  const after = Buffer.from(text, 'base64url').toString('utf8');
  if (!isKey.test(after) || Buffer.from(after).toString('base64url') !== text) refuse('/cursor', 'is no nextCursor of this list');
  return after;
};

/** `isKey` tells what this list's cursors may hold. */
export const pageOf = (query: Query, isKey: RegExp): Page => ({ limit: limitOf(query), after: cursorOf(query, isKey) });

/** For lists in order of a number. */
export const numberPageOf = (query: Query): { limit: number; after: number } => {
  const { limit, after } = pageOf(query, /^\d{1,15}$/);
  return { limit, after: Number(after) };
};

/** A page of a list: `last` is the place of its last item where more may follow, null at the end. */
export const listed = <Item>(path: string, query: Query, items: readonly Item[], last: string | number | null): Answer => {
  if (last === null) return new Answer(200, { items, nextCursor: null });
  const nextCursor = Buffer.from(String(last)).toString('base64url');
  const others = Object.entries(query).filter(([name, value]) => name !== 'cursor' && typeof value === 'string') as [string, string][];
  const parameters = new URLSearchParams([...others, ['cursor', nextCursor]]);
  return new Answer(200, { items, nextCursor }, { link: `<${path}?${parameters.toString()}>; rel="next"` });
};

/** Of one row more than the page holds: the page, and where the next begins. */
export const cut = <Row>(rows: readonly Row[], limit: number, placeOf: (row: Row) => string | number): { rows: readonly Row[]; last: string | number | null } => {
  const page = rows.slice(0, limit);
  const end = page.at(-1);
  return { rows: page, last: rows.length > limit && end !== undefined ? placeOf(end) : null };
};

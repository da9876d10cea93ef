import type { Flag } from '@pataka/contracts';
import type { ListSearch, SortColumn } from './list-search';
import { stalenessOf } from './staleness';

/** Lower case, without the dot below of Devanagari, in one normal form: what is typed one way is found the other. */
export const folded = (text: string): string => text.normalize('NFD').replace(/\u093c/g, '').normalize('NFC').toLocaleLowerCase();

const haystacks = new WeakMap<Flag, string>();
const haystackOf = (flag: Flag): string => {
  let text = haystacks.get(flag);
  if (text === undefined) haystacks.set(flag, (text = folded([flag.key, flag.name ?? '', flag.description ?? '', flag.owner ?? '', ...(flag.tags ?? [])].join('\n'))));
  return text;
};

const isOn = (flag: Flag, environment: string): boolean => flag.environments[environment]?.enabled === true;

const tests: Readonly<Record<keyof Omit<ListSearch, 'sort' | 'desc'>, (flag: Flag, search: ListSearch, now: number) => boolean>> = {
  q: (flag, { q }) => folded(q!).split(/\s+/).every((word) => haystackOf(flag).includes(word)),
  tag: (flag, { tag }) => (flag.tags ?? []).includes(tag!),
  owner: (flag, { owner }) => flag.owner === owner,
  type: (flag, { type }) => flag.type === type,
  status: (flag, { status }) => flag.status === status,
  on: (flag, { on }) => isOn(flag, on!),
  off: (flag, { off }) => !isOn(flag, off!),
  stale: (flag, _search, now) => stalenessOf(flag, now) !== null,
};

const byText = (a: string | null | undefined, b: string | null | undefined): number => (a ?? '').localeCompare(b ?? '', 'en', { numeric: true });
// Instants of one format compare as text, which is far cheaper than in a language's order.
const byInstant = (a: string | null | undefined, b: string | null | undefined): number => ((a ?? '') < (b ?? '') ? -1 : (a ?? '') > (b ?? '') ? 1 : 0);

const nameKeys = new WeakMap<Flag, string>();
const nameKeyOf = (flag: Flag): string => {
  let key = nameKeys.get(flag);
  if (key === undefined) nameKeys.set(flag, (key = folded(flag.name ?? flag.key)));
  return key;
};

const orders: Readonly<Record<SortColumn, (a: Flag, b: Flag) => number>> = {
  name: (a, b) => byInstant(nameKeyOf(a), nameKeyOf(b)),
  type: (a, b) => byInstant(a.type, b.type),
  status: (a, b) => byInstant(a.status, b.status),
  lastEvaluated: (a, b) => byInstant(a.lastEvaluated, b.lastEvaluated),
  evaluations: (a, b) => (a.evaluationCount ?? 0) - (b.evaluationCount ?? 0),
  updated: (a, b) => byInstant(a.updatedAt, b.updatedAt),
};

/** The flags that a search finds, in its order. Archived ones are shown when they are asked for. */
export const listed = (flags: readonly Flag[], search: ListSearch, now: number): Flag[] => {
  const names = (Object.keys(tests) as (keyof typeof tests)[]).filter((name) => search[name] !== undefined);
  const found = flags.filter((flag) => (search.status !== undefined || flag.status !== 'ARCHIVED') && names.every((name) => tests[name](flag, search, now)));
  const order = orders[search.sort ?? 'name'];
  return found.sort((a, b) => (search.desc === true ? order(b, a) : order(a, b)) || byInstant(a.key, b.key));
};

/** Every tag with how many flags have it, the most used first. */
export const tagsOf = (flags: readonly Flag[]): { tag: string; count: number }[] => {
  const counts = new Map<string, number>();
  for (const flag of flags) for (const tag of flag.tags ?? []) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  return [...counts].map(([tag, count]) => ({ tag, count })).sort((a, b) => b.count - a.count || byText(a.tag, b.tag));
};

import type { FlagStatus, FlagType } from '@pataka/contracts';

export const sortColumns = ['name', 'type', 'status', 'lastEvaluated', 'evaluations', 'updated'] as const;
export type SortColumn = (typeof sortColumns)[number];
export const shownStatuses = ['ACTIVE', 'INACTIVE', 'ARCHIVED'] as const satisfies readonly FlagStatus[];
export const shownTypes = ['BOOLEAN', 'STRING', 'NUMBER', 'JSON'] as const satisfies readonly FlagType[];

/** What the list shows, as its address says it: a filtered list can be sent to somebody. */
export interface ListSearch { q?: string; tag?: string; type?: FlagType; status?: FlagStatus; on?: string; off?: string; stale?: true; owner?: string; sort?: SortColumn; desc?: true }

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined);
const one = <V extends string>(value: unknown, known: readonly V[]): V | undefined => known.find((name) => name === value);

/** What is not understood is left out, so that an old link still opens. */
export const listSearchOf = (search: Record<string, unknown>): ListSearch => {
  const given: { [N in keyof ListSearch]: ListSearch[N] | undefined } = {
    q: text(search['q']), tag: text(search['tag']), owner: text(search['owner']), on: text(search['on']), off: text(search['off']),
    type: one(search['type'], shownTypes), status: one(search['status'], shownStatuses), sort: one(search['sort'], sortColumns),
    stale: search['stale'] === true ? true : undefined, desc: search['desc'] === true ? true : undefined,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as ListSearch;
};

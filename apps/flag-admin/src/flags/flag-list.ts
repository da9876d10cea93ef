import { flagStatuses, flagTypes, type Fault, type Flag } from '@pataka/contracts';
import { faultOf } from '@pataka/evaluation';
import type { DocumentRow, EventStore } from '@pataka/event-sourcing';
import { parameter, type Page, type Query } from '@pataka/platform';
import { refuse } from '../faults/faults';

const PAGE = 200;

interface FlagFilter { tag?: string; type?: string; status?: string; search?: string; environment?: string }

const oneOf = (name: string, value: string | undefined, known: readonly string[]): Fault[] =>
  faultOf(`/${name}`, value === undefined || known.includes(value) ? null : `must be one of ${known.join(', ')}`);

export const filterOf = (query: Query): FlagFilter => {
  const names = ['tag', 'type', 'status', 'search', 'environment'] as const;
  const filter: FlagFilter = Object.fromEntries(names.map((name) => [name, parameter(query, name)]).filter(([, value]) => value !== undefined));
  refuse([...oneOf('type', filter.type, flagTypes), ...oneOf('status', filter.status, flagStatuses)]);
  return filter;
};

const found = (flag: Flag, search: string): boolean => {
  const text = search.toLowerCase();
  return [flag.key, flag.name ?? '', flag.description ?? '', ...(flag.tags ?? [])].some((part) => part.toLowerCase().includes(text));
};

const tests: Readonly<Record<keyof FlagFilter, (flag: Flag, wanted: string) => boolean>> = {
  tag: (flag, tag) => (flag.tags ?? []).includes(tag),
  type: (flag, type) => flag.type === type,
  status: (flag, status) => flag.status === status,
  environment: (flag, environment) => Object.hasOwn(flag.environments, environment),
  search: found,
};

const matches = (flag: Flag, filter: FlagFilter): boolean =>
  Object.entries(filter).every(([name, wanted]) => tests[name as keyof FlagFilter](flag, wanted));

/** One flag more than the page holds, so that its reader knows whether there is a next. */
export const flagsOf = async (store: EventStore, page: Page, filter: FlagFilter): Promise<DocumentRow<Flag>[]> => {
  const matching: DocumentRow<Flag>[] = [];
  for (let after = page.after; ;) {
    const rows = await store.documents<Flag>('flag', { after, limit: PAGE });
    matching.push(...rows.filter((row) => matches(row.document, filter)));
    const last = rows.at(-1);
    if (matching.length > page.limit || rows.length < PAGE || last === undefined) return matching.slice(0, page.limit + 1);
    after = last.key;
  }
};

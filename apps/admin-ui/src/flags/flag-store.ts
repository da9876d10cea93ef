import { useEffect } from 'react';
import { queryOptions, useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import type { Flag, FlagEnvironment } from '@pataka/contracts';
import { at, getAll, isApiError, type Reply, request } from '../api/client';
import { keys } from '../api/keys';
import { onChanged } from '../api/live-updates';

const COUNTS_MS = 2 * 60_000;
const BURST = 20;
const BURST_MS = 250;

/** Flags that are as they were stay the same objects, so that their rows are not drawn again. Told by version and counts: comparing thousands of documents member by member would be felt. */
const keepKnown = (known: readonly Flag[], items: readonly Flag[]): Flag[] => {
  const before = new Map(known.map((flag) => [flag.key, flag]));
  return items.map((flag) => {
    const old = before.get(flag.key);
    return old !== undefined && old.version === flag.version && old.evaluationCount === flag.evaluationCount && old.lastEvaluated === flag.lastEvaluated ? old : flag;
  });
};

/** All flags are held here, so that searching, sorting and filtering ask nobody and are there at once. The first page is shown before the last has come; then as often as their number doubles. */
const loadAll = async (client: QueryClient, signal: AbortSignal): Promise<Flag[]> => {
  const known = client.getQueryData<Flag[]>(keys.flags);
  let shown = 0;
  const show = (items: readonly Flag[]): void => {
    if (known !== undefined || items.length < 2 * shown) return;
    shown = items.length;
    client.setQueryData(keys.flags, items);
  };
  const items = await getAll<Flag>('/api/flags', { signal, onPage: show });
  return keepKnown(client.getQueryData<Flag[]>(keys.flags) ?? [], items);
};

const noFlags: readonly Flag[] = [];

export const useFlags = () => {
  const client = useQueryClient();
  const { data, error, isFetching, isPending, refetch } = useQuery({ queryKey: keys.flags, queryFn: ({ signal }) => loadAll(client, signal), staleTime: COUNTS_MS, structuralSharing: false });
  return { flags: data ?? noFlags, error, isFetching, isPending, refetch };
};

export const flagQuery = (key: string) => queryOptions({ queryKey: keys.flag(key), queryFn: async ({ signal }) => (await request<Flag>('GET', at`/api/flags/${key}`, { signal })).data });

/** Puts a flag as the server has it now wherever it is shown. */
export const keepFlag = (client: QueryClient, flag: Flag): void => {
  client.setQueryData(keys.flag(flag.key), flag);
  client.setQueryData<Flag[]>(keys.flags, (flags) => {
    if (flags === undefined) return flags;
    const index = flags.findIndex((one) => one.key === flag.key);
    return index < 0 ? [...flags, flag] : flags.with(index, flag);
  });
  void client.invalidateQueries({ queryKey: keys.flagHistory(flag.key) });
};

/** A flag that somebody changed is read again alone; a burst of changes reads the list. For the shell, once. */
export const useFollowedFlags = (): void => {
  const client = useQueryClient();
  useEffect(() => {
    const waiting = new Set<string>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const renew = (): void => {
      timer = undefined;
      const changed = [...waiting];
      waiting.clear();
      if (changed.length > BURST) return void client.invalidateQueries({ queryKey: keys.flags, exact: true });
      for (const key of changed) void request<Flag>('GET', at`/api/flags/${key}`).then(({ data }) => keepFlag(client, data), () => undefined);
    };
    const stop = onChanged((kind, key) => {
      if (kind !== 'flag') return;
      waiting.add(key);
      timer ??= setTimeout(renew, BURST_MS);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [client]);
};

/** Reads some flags again; one that can't be read stays as it is. */
export const renewFlags = async (client: QueryClient, flags: readonly Flag[]): Promise<void> => {
  for (const { key } of flags) await request<Flag>('GET', at`/api/flags/${key}`).then(({ data }) => keepFlag(client, data), () => undefined);
};

const write = async (client: QueryClient, sent: Promise<Reply<Flag>>): Promise<Flag> => {
  const { data } = await sent;
  keepFlag(client, data);
  return data;
};

/** Changes of flags; each answers the flag as it is now. */
export const flagChanges = (client: QueryClient) => ({
  create: (body: Partial<Flag>, reason?: string) => write(client, request<Flag>('POST', '/api/flags', { body, reason })),
  patch: (flag: Flag, body: Partial<Flag>, reason?: string) => write(client, request<Flag>('PATCH', at`/api/flags/${flag.key}`, { body, version: flag.version, reason })),
  setEnvironment: (flag: Flag, environment: string, body: FlagEnvironment, reason?: string) =>
    write(client, request<Flag>('PUT', at`/api/flags/${flag.key}/environments/${environment}`, { body, version: flag.version, reason })),
  activate: (flag: Flag, reason?: string) => write(client, request<Flag>('POST', at`/api/flags/${flag.key}/activate`, { reason })),
  deactivate: (flag: Flag, reason?: string) => write(client, request<Flag>('POST', at`/api/flags/${flag.key}/deactivate`, { reason })),
  archive: (flag: Flag, reason?: string) => write(client, request<Flag>('POST', at`/api/flags/${flag.key}/archive`, { version: flag.version, reason })),
});

/** Switches a flag in an environment: shown at once, taken back if the server refuses. */
export const switchEnvironment = async (client: QueryClient, flag: Flag, environment: string, enabled: boolean, reason?: string): Promise<Flag> => {
  const settings = { rules: [], ...flag.environments[environment], enabled };
  keepFlag(client, { ...flag, environments: { ...flag.environments, [environment]: settings } });
  try {
    return await flagChanges(client).setEnvironment(flag, environment, settings, reason);
  } catch (error) {
    keepFlag(client, flag);
    if (isApiError(error, 'version-conflict')) void request<Flag>('GET', at`/api/flags/${flag.key}`).then(({ data }) => keepFlag(client, data), () => undefined);
    throw error;
  }
};

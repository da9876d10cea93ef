import { useEffect, useState } from 'react';
import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { get, isApiError, type Page } from './client';
import { keys } from './keys';

/** An event of the audit, as far as it is looked at here. */
export interface AuditEvent {
  id: string; stream: string; type: string; version: number; position: number; at: string; actor: string; reason?: string; correlationId: string; causationId?: string;
  data: Record<string, unknown>;
}

const EVERY_MS = 3_000;
const PAGE = 200;

const cursorOf = (position: number): string => btoa(String(position)).replace(/=+$/, '');

const newestPosition = async (): Promise<number> => (await get<Page<AuditEvent>>('/api/audit', { order: 'desc', limit: 1 })).items[0]?.position ?? 0;

/** Everything that shows a changed document is read again; the rest stays. Streams are named `kind:key`. */
const renew = (client: QueryClient, events: readonly AuditEvent[]): void => {
  const streams = new Set(events.map((event) => event.stream));
  for (const stream of streams) {
    const [kind = '', ...key] = stream.split(':');
    changed(kind, key.join(':'));
    void client.invalidateQueries({ queryKey: [kind, key.join(':')] });
    if (kind !== 'flag') void client.invalidateQueries({ queryKey: [kind], exact: true });
  }
  if (streams.size > 0) void client.invalidateQueries({ queryKey: keys.audit });
};

type ChangeListener = (kind: string, key: string) => void;
const changeListeners = new Set<ChangeListener>();
const changed: ChangeListener = (kind, key) => {
  for (const listener of changeListeners) listener(kind, key);
};

/** Hears of every document that changes, whoever changed it: for lists that renew one row at a time. */
export const onChanged = (listener: ChangeListener): (() => void) => {
  changeListeners.add(listener);
  return () => void changeListeners.delete(listener);
};

/** One look at what has happened since a position; resolves with the position reached. */
const look = async (client: QueryClient, since: number): Promise<number> => {
  const { items } = await get<Page<AuditEvent>>('/api/audit', { cursor: cursorOf(since), limit: PAGE });
  renew(client, items);
  return items.at(-1)?.position ?? since;
};

/**
 * Follows the log of changes while the tab is in sight, a few seconds behind it, so that no page needs a reload. The stream of changes takes
 * keys of evaluation, which a browser has none of; the audit has positions, and names what changed.
 */
export const useLiveUpdates = (): { offline: boolean } => {
  const client = useQueryClient();
  const [offline, setOffline] = useState(false);
  useEffect(() => {
    let position: number | null = null;
    let busy = false;
    const tick = async (): Promise<void> => {
      if (busy || document.visibilityState === 'hidden') return;
      busy = true;
      try {
        position = position === null ? await newestPosition() : await look(client, position);
        setOffline(false);
      } catch (error) {
        setOffline(isApiError(error, 'offline', 'unavailable'));
      } finally {
        busy = false;
      }
    };
    const timer = setInterval(() => void tick(), EVERY_MS);
    const onVisible = (): void => void tick();
    document.addEventListener('visibilitychange', onVisible);
    void tick();
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', onVisible);
    };
  }, [client]);
  return { offline };
};

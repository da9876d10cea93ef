import type { Flag, FlagChanges, FlagEnvironment } from '@pataka/contracts';
import type { AuditEvent } from '../api/live-updates';

/** What a flag was before and after one event: as much of it as an event can change. */
export type FlagVersion = Partial<Omit<Flag, 'version' | 'evaluationCount' | 'lastEvaluated' | 'createdBy' | 'createdAt' | 'updatedAt'>>;
export type FlagHistoryEvent = Omit<AuditEvent, 'stream'>;
export interface HistoryEntry { event: FlagHistoryEvent; before: FlagVersion | null; after: FlagVersion }

const applied = (flag: FlagVersion, { type, data }: FlagHistoryEvent): FlagVersion => {
  switch (type) {
    case 'flag.created': return data['flag'] as FlagVersion;
    case 'flag.updated': return { ...flag, ...(data['changes'] as FlagChanges) };
    case 'flag.environment-changed': return { ...flag, environments: { ...flag.environments, [String(data['environment'])]: data['settings'] as FlagEnvironment } };
    case 'flag.activated': return { ...flag, status: 'ACTIVE' };
    case 'flag.deactivated': return { ...flag, status: 'INACTIVE' };
    case 'flag.archived': return { ...flag, status: 'ARCHIVED' };
    default: return flag;
  }
};

/** Events, oldest first, with the flag before and after each. */
export const foldHistory = (events: readonly FlagHistoryEvent[]): HistoryEntry[] => {
  let before: FlagVersion | null = null;
  return events.map((event) => {
    const after = applied(before ?? {}, event);
    const entry = { event, before, after };
    before = after;
    return entry;
  });
};

/** What has to be done to make a flag again what it was: each step is one request. */
export type RestoreStep =
  | { kind: 'patch'; body: FlagChanges } | { kind: 'environment'; environment: string; settings: FlagEnvironment } | { kind: 'activate' } | { kind: 'deactivate' };

const PATCHED = ['name', 'description', 'tags', 'owner', 'defaultValue', 'defaultVariant', 'metadata', 'clientVisible', 'prerequisites'] as const;
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** An experiment's rules are its own: those that are there now stay, those of then don't come back. */
const settingsOf = (then: FlagEnvironment | undefined, now: FlagEnvironment | undefined): FlagEnvironment => ({
  enabled: then?.enabled ?? false,
  rules: [...(then?.rules ?? []).filter((rule) => rule.experimentId === undefined), ...(now?.rules ?? []).filter((rule) => rule.experimentId !== undefined)],
});

export const restoreSteps = (now: Flag, then: FlagVersion): RestoreStep[] => {
  const changed = PATCHED.filter((name) => then[name] !== undefined && !same(then[name], now[name]));
  const environments = [...new Set([...Object.keys(now.environments), ...Object.keys(then.environments ?? {})])];
  const settings = environments.map((environment) => ({ environment, settings: settingsOf(then.environments?.[environment], now.environments[environment]) }))
    .filter(({ environment, settings: wanted }) => !same(wanted, now.environments[environment] ?? { enabled: false, rules: [] }));
  return [
    ...(changed.length === 0 ? [] : [{ kind: 'patch' as const, body: Object.fromEntries(changed.map((name) => [name, then[name]])) as FlagChanges }]),
    ...settings.map((one) => ({ kind: 'environment' as const, ...one })),
    ...(then.status === 'ACTIVE' && now.status === 'INACTIVE' ? [{ kind: 'activate' as const }] : then.status === 'INACTIVE' && now.status === 'ACTIVE' ? [{ kind: 'deactivate' as const }] : []),
  ];
};

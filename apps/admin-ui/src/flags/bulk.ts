import type { Flag } from '@pataka/contracts';

/** One change for many flags. */
export type BulkAction = { kind: 'addTag' | 'removeTag'; tag: string } | { kind: 'turnOff'; environment: string } | { kind: 'archive' };
/** What an action comes to: flags that it changes, those that are so already, those that can't be. */
export interface BulkPlan { todo: Flag[]; already: Flag[]; blocked: { flag: Flag; by: 'archived' | 'experiment' | 'dependents'; names: string[] }[] }
/** How it went for one flag. */
export interface BulkOutcome { flag: Flag; error: unknown }

const QUIET_MS = 7 * 24 * 60 * 60 * 1000;

/** Keys of flags that need each flag. */
const dependentsByKey = (flags: readonly Flag[]): Map<string, string[]> => {
  const all = new Map<string, string[]>();
  for (const { key, status, prerequisites } of flags) {
    if (status === 'ARCHIVED') continue;
    for (const { flag } of prerequisites ?? []) all.set(flag, [...(all.get(flag) ?? []), key]);
  }
  return all;
};

const experimentsOf = (flag: Flag): string[] => [...new Set(Object.values(flag.environments).flatMap(({ rules }) => rules.flatMap(({ experimentId }) => (experimentId === undefined ? [] : [experimentId]))))];

const isSo = (flag: Flag, action: BulkAction): boolean => {
  switch (action.kind) {
    case 'addTag': return (flag.tags ?? []).includes(action.tag);
    case 'removeTag': return !(flag.tags ?? []).includes(action.tag);
    case 'turnOff': return flag.environments[action.environment]?.enabled !== true;
    case 'archive': return flag.status === 'ARCHIVED';
  }
};

/** What would happen, before anything does. The server judges again. */
export const planOf = (chosen: readonly Flag[], action: BulkAction, all: readonly Flag[]): BulkPlan => {
  const plan: BulkPlan = { todo: [], already: [], blocked: [] };
  const dependents = action.kind === 'archive' ? dependentsByKey(all) : new Map<string, string[]>();
  for (const flag of chosen) {
    const needed = dependents.get(flag.key) ?? [];
    const owners = action.kind === 'archive' ? experimentsOf(flag) : [];
    if (isSo(flag, action)) plan.already.push(flag);
    else if (flag.status === 'ARCHIVED') plan.blocked.push({ flag, by: 'archived', names: [] });
    else if (owners.length > 0) plan.blocked.push({ flag, by: 'experiment', names: owners });
    else if (needed.length > 0) plan.blocked.push({ flag, by: 'dependents', names: needed });
    else plan.todo.push(flag);
  }
  return plan;
};

/** Flags that somebody asked for within a week: what turning off and archiving is felt by. */
export const inUse = (flags: readonly Flag[], now: number): Flag[] =>
  flags.filter(({ lastEvaluated }) => lastEvaluated !== null && lastEvaluated !== undefined && now - new Date(lastEvaluated).getTime() < QUIET_MS);

/** Works through the flags, a few at a time; one that fails stops none. What has not begun when `signal` aborts is left as it is. */
export const runBulk = async (flags: readonly Flag[], work: (flag: Flag) => Promise<unknown>, { atOnce, signal, onDone }: { atOnce: number; signal: AbortSignal; onDone: (outcome: BulkOutcome) => void }): Promise<void> => {
  const waiting = [...flags];
  const worker = async (): Promise<void> => {
    for (let flag = waiting.shift(); flag !== undefined && !signal.aborted; flag = waiting.shift()) {
      const one = flag;
      onDone(await work(one).then(() => ({ flag: one, error: null }), (error: unknown) => ({ flag: one, error })));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
};

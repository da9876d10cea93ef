import type { Flag, FlagEnvironment, Rule } from '@pataka/contracts';

/** Why a flag looks as if nobody needed it any more. */
export type StaleReason = 'neverEvaluated' | 'notEvaluated' | 'offEverywhere' | 'launched';
export interface Staleness { reason: StaleReason; days: number }

const DAY_MS = 24 * 60 * 60 * 1000;
/** After how many days each reason holds. */
export const staleAfterDays: Readonly<Record<StaleReason, number>> = { neverEvaluated: 7, notEvaluated: 30, offEverywhere: 30, launched: 30 };

const daysSince = (instant: string | null | undefined, now: number): number =>
  (instant === null || instant === undefined ? 0 : Math.max(0, Math.floor((now - new Date(instant).getTime()) / DAY_MS)));

const isForAll = (rule: Rule): boolean =>
  (rule.conditions ?? []).length === 0 && (rule.percentage ?? 100) >= 100 && rule.schedule === undefined && rule.split === undefined && rule.experimentId === undefined;

const highestFirst = (rules: readonly Rule[]): Rule[] => [...rules].sort((a, b) => (b.priority ?? 0) - (a.priority ?? 0));

/** Whether everybody gets one value: no rule, or the first one takes all. */
const servesOne = ({ rules }: FlagEnvironment): boolean => rules.length === 0 || isForAll(highestFirst(rules)[0]!);

/** Said by `metadata.permanent` or a tag: kill switches and permissions are meant to stay. */
export const isPermanent = (flag: Pick<Flag, 'tags' | 'metadata'>): boolean => flag.metadata?.['permanent'] === true || (flag.tags ?? []).includes('permanent');

const reasonsOf = (flag: Flag, now: number): Staleness[] => {
  const enabled = Object.values(flag.environments).filter((settings) => settings.enabled);
  const unchanged = daysSince(flag.updatedAt ?? flag.createdAt, now);
  const never = flag.lastEvaluated === null || flag.lastEvaluated === undefined;
  const candidates: (Staleness | null)[] = [
    flag.status === 'INACTIVE' || enabled.length === 0 ? { reason: 'offEverywhere', days: unchanged } : null,
    never ? { reason: 'neverEvaluated', days: daysSince(flag.createdAt, now) } : { reason: 'notEvaluated', days: daysSince(flag.lastEvaluated, now) },
    flag.status === 'ACTIVE' && enabled.length > 0 && enabled.every(servesOne) ? { reason: 'launched', days: unchanged } : null,
  ];
  return candidates.filter((found): found is Staleness => found !== null && found.days >= staleAfterDays[found.reason]);
};

/** The first reason that holds, or null; archived flags and those meant to stay are never stale. */
export const stalenessOf = (flag: Flag, now: number): Staleness | null =>
  (flag.status === 'ARCHIVED' || isPermanent(flag) ? null : reasonsOf(flag, now)[0] ?? null);

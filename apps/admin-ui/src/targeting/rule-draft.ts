import type { FlagEnvironment, FlagType, FlagValue, Rule, Schedule, Weekday } from '@pataka/contracts';
import { sameDocument } from '../ui/diff';
import { conditionOf, newUid, nodeOf, type NodeDraft } from './condition-draft';
import { valueFromText, valueText } from './value-text';

export interface WindowDraft { uid: string; days: Weekday[]; start: string; end: string; timezone: string }
export interface ScheduleDraft { from: string; until: string; windows: WindowDraft[] }
export interface ShareDraft { uid: string; variant: string; percent: string; value: string }

/** A rule as it is edited: what is typed stays text until it is written. */
export interface RuleDraft {
  uid: string; id: string; description: string; conditions: NodeDraft[];
  /** Empty: everyone. */
  percentage: string | null;
  serve: 'value' | 'split'; value: string; variant: string; split: ShareDraft[]; bucketBy: string; salt: string; schedule: ScheduleDraft | null;
  /** The rule as it is saved; null for a new one. Written back as it was unless something changed. */
  saved: Rule | null;
}

export const ZONE = 'Asia/Kolkata';
const WEIGHT_DIGITS = 12;

const byPriority = (rules: readonly Rule[]): Rule[] => [...rules].sort((a, b) => (b.priority ?? 0) - (a.priority ?? 0));

const scheduleOf = (schedule: Schedule | undefined): ScheduleDraft | null => (schedule === undefined ? null : {
  from: schedule.from ?? '', until: schedule.until ?? '',
  windows: (schedule.windows ?? []).map((window) => ({ uid: newUid(), days: window.days ?? [], start: window.start, end: window.end, timezone: window.timezone })),
});

const percentText = (share: number): string => String(Number((share * 100).toFixed(WEIGHT_DIGITS - 2)));

export const draftOfRule = (rule: Rule): RuleDraft => ({
  uid: newUid(), id: rule.id, description: rule.description ?? '', conditions: (rule.conditions ?? []).map(nodeOf),
  percentage: rule.percentage === undefined ? null : String(rule.percentage),
  serve: rule.split === undefined ? 'value' : 'split', value: valueText(rule.value), variant: rule.variant ?? '',
  split: (rule.split ?? []).map(({ variant, weight, value }) => ({ uid: newUid(), variant, percent: percentText(weight), value: valueText(value) })),
  bucketBy: rule.bucketBy ?? '', salt: rule.salt ?? '', schedule: scheduleOf(rule.schedule), saved: rule,
});

/** The rules of an environment, in the order in which they are judged. */
export const draftsOf = (settings: FlagEnvironment | undefined): RuleDraft[] => byPriority(settings?.rules ?? []).map(draftOfRule);

const windowsOf = (windows: readonly WindowDraft[]): NonNullable<Schedule['windows']> =>
  windows.map(({ days, start, end, timezone }) => ({ ...(days.length === 0 || days.length === 7 ? {} : { days }), start, end, timezone }));

const writtenSchedule = (draft: ScheduleDraft | null): Schedule | undefined => {
  if (draft === null) return undefined;
  const schedule: Schedule = { ...(draft.from === '' ? {} : { from: draft.from }), ...(draft.until === '' ? {} : { until: draft.until }), ...(draft.windows.length === 0 ? {} : { windows: windowsOf(draft.windows) }) };
  return Object.keys(schedule).length === 0 ? undefined : schedule;
};

/** Shares typed as percents become weights whose sum is 1 to the last digit: the last one takes what rounding left. */
export const weightsOf = (percents: readonly string[]): number[] => {
  const weights = percents.map((percent) => Number((Number(percent) / 100).toFixed(WEIGHT_DIGITS)));
  const others = weights.slice(0, -1).reduce((sum, weight) => sum + weight, 0);
  const rest = Number((1 - others).toFixed(WEIGHT_DIGITS));
  return weights.length > 0 && Math.abs(rest - weights.at(-1)!) < 1e-6 ? weights.with(-1, rest) : weights;
};

const served = (draft: RuleDraft, type: FlagType): Pick<Rule, 'value' | 'variant' | 'split'> => {
  if (draft.serve === 'value') return { value: valueFromText(draft.value, type) as FlagValue, ...(draft.variant === '' ? {} : { variant: draft.variant }) };
  const weights = weightsOf(draft.split.map(({ percent }) => percent));
  return { split: draft.split.map(({ variant, value }, index) => ({ variant, weight: weights[index]!, value: valueFromText(value, type) as FlagValue })) };
};

const EDITED = ['id', 'description', 'conditions', 'percentage', 'value', 'variant', 'split', 'bucketBy', 'salt', 'schedule'];

/** What a rule has that is not edited here stays as it is. */
const others = (saved: Rule | null): Partial<Rule> => Object.fromEntries(Object.entries(saved ?? {}).filter(([name]) => !EDITED.includes(name)));

const members = (draft: RuleDraft, type: FlagType): Rule => {
  const schedule = writtenSchedule(draft.schedule);
  return {
    ...others(draft.saved), id: draft.id, ...(draft.description === '' ? {} : { description: draft.description }),
    ...(draft.conditions.length === 0 ? {} : { conditions: draft.conditions.map(conditionOf) }), ...(draft.percentage === null ? {} : { percentage: Number(draft.percentage) }),
    ...served(draft, type), ...(draft.bucketBy === '' ? {} : { bucketBy: draft.bucketBy }), ...(draft.salt === '' ? {} : { salt: draft.salt }), ...(schedule === undefined ? {} : { schedule }),
  };
};

/** The rule as it is written. One that nobody touched is written as it was, to the letter. */
export const ruleOfDraft = (draft: RuleDraft, type: FlagType): Rule => {
  const { saved } = draft;
  if (saved === null) return members(draft, type);
  return saved.experimentId !== undefined || sameDocument(members(draft, type), members(draftOfRule(saved), type)) ? saved : members(draft, type);
};

const STEP = 10;

const isInOrder = (rules: readonly Rule[]): boolean => rules.every((rule, index) => index === 0 || (rules[index - 1]!.priority ?? 0) >= (rule.priority ?? 0));

/** Between an experiment's rules, whose priorities stand, every other gets one that keeps its place; equal ones are judged in list order. */
const aroundOwned = (rules: readonly Rule[]): Rule[] => {
  let upper = Infinity;
  return rules.map((rule, index) => {
    const lower = rules.slice(index).find((later) => later.experimentId !== undefined)?.priority ?? (rules.slice(index).some((later) => later.experimentId !== undefined) ? 0 : -Infinity);
    const now = rule.priority ?? 0;
    const wanted = rule.experimentId !== undefined || (now <= upper && now >= lower) ? now : Math.max(lower, Math.min(upper - STEP, now));
    upper = Math.min(upper, wanted);
    return wanted === now ? rule : { ...rule, priority: wanted };
  });
};

/** Priorities that make the order of the list the order of judging. Those that do already stay. */
export const withPriorities = (rules: readonly Rule[]): Rule[] => {
  if (isInOrder(rules)) return [...rules];
  if (rules.some((rule) => rule.experimentId !== undefined)) return aroundOwned(rules);
  return rules.map((rule, index) => ({ ...rule, priority: (rules.length - index) * STEP }));
};

/** An environment's settings as they are written. A new rule without a priority goes where the list has it. */
export const settingsOf = (enabled: boolean, drafts: readonly RuleDraft[], type: FlagType): FlagEnvironment => ({ enabled, rules: withPriorities(drafts.map((draft) => ruleOfDraft(draft, type))) });

/** A name for a new rule that no other has. */
export const newRuleId = (taken: readonly string[]): string => {
  let number = taken.length + 1;
  while (taken.includes(`rule-${number}`)) number += 1;
  return `rule-${number}`;
};

export const emptyRule = (taken: readonly string[], value: string): RuleDraft => ({
  uid: newUid(), id: newRuleId(taken), description: '', conditions: [], percentage: null, serve: 'value', value, variant: '', split: [], bucketBy: '', salt: '', schedule: null, saved: null,
});

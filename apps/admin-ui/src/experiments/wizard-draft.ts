import type { Condition, CreateExperiment, ExperimentType, FlagType, FlagValue, MetricDefinition, Strategy, StrategyType, Threshold } from '@pataka/contracts';
import { conditionOf, newUid, type NodeDraft, nodeOf } from '../targeting/condition-draft';
import { valueFromText, valueText } from '../targeting/value-text';

export interface VariantDraft { uid: string; id: string; name: string; weight: string; config: string; isControl: boolean }
export interface FactorDraft { uid: string; name: string; levels: string[] }
export interface StepDraft { uid: string; percentage: string; days: string; regions: string[] }
export interface ThresholdDraft { uid: string; metric: string; direction: 'atLeast' | 'atMost'; of: 'level' | 'difference' | 'ratio'; value: string }
export interface PlanDraft { baseline: string; effect: string; daily: string; horizon: string }

/** An experiment as it is made: texts where something is typed. */
export interface Draft {
  name: string; key: string; keyTouched: boolean; hypothesis: string; type: ExperimentType; environment: string; bucketBy: string;
  valueType: FlagType; variants: VariantDraft[]; factorial: boolean; factors: FactorDraft[];
  conditions: NodeDraft[]; segments: string[];
  success: string[]; guardrail: string[]; safety: string[]; defined: MetricDefinition[];
  strategy: StrategyType; initial: string; target: string; increment: string; intervalDays: string; explicit: boolean; steps: StepDraft[];
  successThresholds: ThresholdDraft[]; failureThresholds: ThresholdDraft[]; officeHours: boolean; blackouts: string[];
  layer: string; layerShare: string; plan: PlanDraft;
}

export const newVariant = (id: string, name: string, weight: string, isControl = false): VariantDraft => ({ uid: newUid(), id, name, weight, config: id, isControl });
export const newStep = (percentage: string, days = '7'): StepDraft => ({ uid: newUid(), percentage, days, regions: [] });
export const newThreshold = (metric: string): ThresholdDraft => ({ uid: newUid(), metric, direction: 'atLeast', of: 'level', value: '' });

export const emptyDraft = (): Draft => ({
  name: '', key: '', keyTouched: false, hypothesis: '', type: 'AB_TEST', environment: 'production', bucketBy: '', valueType: 'STRING',
  variants: [newVariant('control', 'Control', '50', true), newVariant('treatment', 'Treatment', '50')], factorial: false, factors: [{ uid: newUid(), name: '', levels: [] }, { uid: newUid(), name: '', levels: [] }],
  conditions: [], segments: [], success: [], guardrail: [], safety: [], defined: [],
  strategy: 'FIXED', initial: '5', target: '100', increment: '10', intervalDays: '7', explicit: false, steps: [], successThresholds: [], failureThresholds: [], officeHours: false, blackouts: [],
  layer: '', layerShare: '100', plan: { baseline: '', effect: '5', daily: '', horizon: '' },
});

/** A key from a name: what stays of it in ASCII. */
export const keyFrom = (name: string): string => name.normalize('NFKD').toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '').slice(0, 100);

const numberOf = (text: string): number | undefined => (text.trim() === '' || !Number.isFinite(Number(text)) ? undefined : Number(text));
const shareOf = (text: string): number | undefined => { const value = numberOf(text); return value === undefined ? undefined : value / 100; };
const given = <T extends object>(members: T): { [N in keyof T]?: Exclude<T[N], undefined> } => Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;

const thresholdsOf = (drafts: readonly ThresholdDraft[]): Record<string, Threshold> | undefined => {
  const kept = drafts.filter(({ metric, value }) => metric !== '' && numberOf(value) !== undefined);
  return kept.length === 0 ? undefined : Object.fromEntries(kept.map(({ metric, direction, of, value }) => [metric, { value: Number(value), direction, of }]));
};

const officeHours = [{ days: ['MON', 'TUE', 'WED', 'THU', 'FRI'] as ('MON' | 'TUE' | 'WED' | 'THU' | 'FRI')[], start: '10:00', end: '17:00', timezone: 'Asia/Kolkata' }];

const growthOf = (draft: Draft): Partial<Strategy> => {
  const days = (text: string): string | undefined => { const value = numberOf(text); return value === undefined ? undefined : `P${Math.max(0, Math.round(value))}D`; };
  if (draft.strategy === 'FIXED') return given({ targetPercentage: numberOf(draft.target) });
  if (draft.strategy === 'CANARY') return given({ initialPercentage: numberOf(draft.initial), targetPercentage: numberOf(draft.target), sliceDuration: days(draft.intervalDays) });
  if (draft.explicit) return { steps: draft.steps.map(({ percentage, days: length, regions }) => ({ percentage: numberOf(percentage) ?? 0, ...given({ duration: days(length), regions: regions.length === 0 ? undefined : regions }) })) };
  return given({ initialPercentage: numberOf(draft.initial), targetPercentage: numberOf(draft.target), incrementSize: numberOf(draft.increment), incrementInterval: days(draft.intervalDays) });
};

const strategyOf = (draft: Draft): Strategy => ({
  type: draft.strategy, ...growthOf(draft),
  ...given({
    successThresholds: thresholdsOf(draft.successThresholds), failureThresholds: thresholdsOf(draft.failureThresholds), windows: draft.officeHours ? officeHours : undefined,
    blackouts: draft.blackouts.length === 0 ? undefined : draft.blackouts, audienceSegments: draft.segments.length === 0 ? undefined : draft.segments,
  }),
});

const factorsOf = (draft: Draft) => draft.factors.filter(({ name }) => name !== '').map(({ name, levels }) => ({ name, levels }));
const variantsOf = ({ variants, valueType }: Draft) => variants.map(({ id, name, weight, config, isControl }) => ({
  id, name, weight: (numberOf(weight) ?? 0) / 100, config: (valueFromText(config, valueType) ?? config) as FlagValue, ...(isControl ? { isControl } : {}),
}));

/** The weights of equal shares, to the last digit the sum of 100. */
export const equalWeights = (count: number): string[] => Array.from({ length: count }, (_, index) => {
  const each = Math.floor((100 / count) * 1000) / 1000;
  return String(index === count - 1 ? Number((100 - each * (count - 1)).toFixed(3)) : each);
});

/** The body of `POST /api/experiments`. */
export const bodyOf = (draft: Draft): CreateExperiment => {
  const metric = (key: string) => draft.defined.find((one) => one.key === key) ?? key;
  const { baseline, effect, daily, horizon } = draft.plan;
  const plan = given({ baseline: shareOf(baseline), minimumEffect: shareOf(effect), dailySubjects: numberOf(daily), horizonDays: numberOf(horizon) });
  return {
    key: draft.key, name: draft.name, type: draft.type, environment: draft.environment, successMetrics: draft.success.map(metric), strategy: strategyOf(draft), plan,
    ...(draft.factorial ? { factors: factorsOf(draft) } : { variants: variantsOf(draft) }),
    ...given({
      hypothesis: draft.hypothesis === '' ? undefined : draft.hypothesis, bucketBy: draft.bucketBy === '' ? undefined : draft.bucketBy,
      guardrailMetrics: draft.guardrail.length === 0 ? undefined : draft.guardrail.map(metric), safetyMetrics: draft.safety.length === 0 ? undefined : draft.safety.map(metric),
      targetAudience: draft.conditions.length === 0 ? undefined : { conditions: draft.conditions.map(conditionOf) },
      layer: draft.layer === '' ? undefined : { key: draft.layer, share: numberOf(draft.layerShare) ?? 100 },
    }),
  };
};

const daysIn = (duration: string | undefined): string => /^P(\d+)D$/.exec(duration ?? '')?.[1] ?? (/^P(\d+)W$/.exec(duration ?? '')?.[1] === undefined ? '7' : String(Number(/^P(\d+)W$/.exec(duration ?? '')![1]) * 7));
const thresholdDrafts = (thresholds: Strategy['successThresholds']): ThresholdDraft[] => Object.entries(thresholds ?? {}).map(([metric, threshold]) => {
  const { value, direction = 'atLeast', of = 'level' } = typeof threshold === 'number' ? { value: threshold } : threshold;
  return { uid: newUid(), metric, direction, of, value: String(value) };
});
const typeOf = (value: FlagValue | undefined): FlagType => (typeof value === 'boolean' ? 'BOOLEAN' : typeof value === 'number' ? 'NUMBER' : typeof value === 'string' || value === undefined ? 'STRING' : 'JSON');
const text = (value: number | undefined, otherwise: string): string => (value === undefined ? otherwise : String(value));
const keysOf = (list: CreateExperiment['successMetrics']): string[] => (list ?? []).map((one) => (typeof one === 'string' ? one : one.key));

type Template = Omit<CreateExperiment, 'key'>;

const designFrom = ({ variants, factors }: Template, draft: Draft): Partial<Draft> => ({
  factorial: factors !== undefined, valueType: typeOf(variants?.[0]?.config),
  variants: variants?.map((one) => ({ uid: newUid(), id: one.id, name: one.name ?? one.id, weight: String(one.weight * 100), config: valueText(one.config), isControl: one.isControl === true })) ?? draft.variants,
  factors: factors?.map(({ name, levels }) => ({ uid: newUid(), name, levels: levels.map(String) })) ?? draft.factors,
});

const rolloutFrom = (strategy: Strategy): Partial<Draft> => ({
  strategy: strategy.type, initial: text(strategy.initialPercentage, '5'), target: text(strategy.targetPercentage, '100'), increment: text(strategy.incrementSize, '10'),
  intervalDays: daysIn(strategy.incrementInterval ?? strategy.sliceDuration), explicit: strategy.steps !== undefined,
  steps: (strategy.steps ?? []).map(({ percentage, duration, regions = [] }) => ({ uid: newUid(), percentage: String(percentage), days: daysIn(duration), regions })),
  successThresholds: thresholdDrafts(strategy.successThresholds), failureThresholds: thresholdDrafts(strategy.failureThresholds), officeHours: strategy.windows !== undefined, blackouts: strategy.blackouts ?? [],
});

const percentText = (share: number | undefined, otherwise: string): string => (share === undefined ? otherwise : String(share * 100));
const planFrom = ({ baseline, minimumEffect, dailySubjects, horizonDays }: NonNullable<Template['plan']>): Draft['plan'] =>
  ({ baseline: percentText(baseline, ''), effect: percentText(minimumEffect, '5'), daily: text(dailySubjects, ''), horizon: text(horizonDays, '') });

/** What a template says, over what is there: name, key and hypothesis stay. */
export const withTemplate = (draft: Draft, template: Template): Draft => {
  const conditions: readonly Condition[] = template.targetAudience?.conditions ?? [];
  return {
    ...draft, type: template.type, bucketBy: template.bucketBy ?? '', conditions: conditions.map(nodeOf),
    success: keysOf(template.successMetrics), guardrail: keysOf(template.guardrailMetrics), safety: keysOf(template.safetyMetrics),
    ...designFrom(template, draft), ...rolloutFrom(template.strategy ?? { type: 'FIXED' }), plan: planFrom(template.plan ?? {}),
  };
};

export const wizardSteps = ['question', 'variants', 'audience', 'metrics', 'rollout', 'review'] as const;
export type WizardStep = (typeof wizardSteps)[number];

const places: readonly [RegExp, WizardStep][] = [
  [/^\/(variants|factors)/, 'variants'], [/^\/(targetAudience|strategy\/audienceSegments|bucketBy|layer|exclusions)/, 'audience'], [/^\/(success|guardrail|safety)Metrics/, 'metrics'], [/^\/(strategy|startDate|endDate|bandit)/, 'rollout'], [/^\/plan/, 'review'],
];
/** Where something that the server names is to be put right. */
export const stepOf = (pointer: string): WizardStep => places.find(([pattern]) => pattern.test(pointer))?.[1] ?? 'question';

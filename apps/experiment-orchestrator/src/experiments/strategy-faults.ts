import type { CreateExperiment, Fault, RolloutStep, Strategy, Threshold } from '@pataka/contracts';
import { isTimeZone } from '@pataka/evaluation';
import { parseDuration } from '../rollouts/local-time';
import { stepsOf } from '../rollouts/steps';

type Faults = Fault[];
type Design = Pick<CreateExperiment, 'type' | 'variants' | 'successMetrics' | 'guardrailMetrics' | 'safetyMetrics'>;

const fault = (pointer: string, detail: string): Fault => ({ pointer: `/strategy${pointer}`, detail });
const ERROR_METRIC = 'error';
const MOST_STEPS = 100;
const DURATIONS = ['incrementInterval', 'sliceDuration', 'retryInterval', 'maximumHold', 'maximumEvidenceAge'] as const;
const NO_DURATION = 'is no ISO 8601 duration of weeks, days, hours, minutes and seconds up to ten years, such as P7D or PT12H';

const durationFaults = (strategy: Strategy): Faults => [
  ...DURATIONS.flatMap((name) => (strategy[name] !== undefined && parseDuration(strategy[name]) === null ? [fault(`/${name}`, NO_DURATION)] : [])),
  ...(strategy.steps ?? []).flatMap(({ duration }, index) => (duration !== undefined && parseDuration(duration) === null ? [fault(`/steps/${index}/duration`, NO_DURATION)] : [])),
];

const windowFaults = (strategy: Strategy): Faults => (['windows', 'servingWindows'] as const).flatMap((list) => (strategy[list] ?? []).flatMap(({ start, end, days, timezone }, index) => {
  const at = `/${list}/${index}`;
  return [
    ...(start >= end ? [fault(`${at}/end`, 'must be after start: a window over midnight is two windows')] : []),
    ...(days?.length === 0 ? [fault(`${at}/days`, 'names no day: leave it out for every day')] : []),
    ...(isTimeZone(timezone) ? [] : [fault(`${at}/timezone`, `"${timezone}" is no IANA time zone`)]),
  ];
}));

const stepFaults = (steps: readonly RolloutStep[], interval: string | undefined): Faults => steps.flatMap(({ percentage, duration, regions }, index) => {
  const before = steps[index - 1];
  const isLast = index === steps.length - 1;
  return [
    ...(before !== undefined && percentage < before.percentage ? [fault(`/steps/${index}/percentage`, `is below the ${before.percentage} before it: a rollout never shrinks`)] : []),
    ...(!isLast && duration === undefined && interval === undefined ? [fault(`/steps/${index}/duration`, 'is missing, and there is no incrementInterval')] : []),
    ...(regions?.length === 0 ? [fault(`/steps/${index}/regions`, 'names no region: leave it out for everywhere')] : []),
  ];
});

const evenFaults = ({ initialPercentage, targetPercentage = 100, incrementSize, incrementInterval, type }: Strategy): Faults => [
  ...(incrementSize === undefined || incrementSize <= 0 ? [fault('/incrementSize', `a ${type} strategy needs steps, or an incrementSize above 0`)] : []),
  ...(incrementInterval === undefined ? [fault('/incrementInterval', `a ${type} strategy needs steps, or an incrementInterval`)] : []),
  ...((initialPercentage ?? 0) > targetPercentage ? [fault('/initialPercentage', `is above the targetPercentage ${targetPercentage}`)] : []),
];

const canaryFaults = ({ initialPercentage = 5, targetPercentage = 100, steps }: Strategy): Faults => [
  ...(steps !== undefined && steps.length !== 2 ? [fault('/steps', 'a CANARY has two steps: its slice, and the jump')] : []),
  ...(steps === undefined && initialPercentage >= targetPercentage ? [fault('/initialPercentage', `the slice must be below the targetPercentage ${targetPercentage}`)] : []),
];

const fixedFaults = ({ steps, windows, blackouts }: Strategy): Faults => [
  ...(steps === undefined ? [] : [fault('/steps', 'a FIXED strategy has no steps: use GRADUAL, AUTOMATIC or CANARY')]),
  ...(windows === undefined ? [] : [fault('/windows', 'a FIXED strategy takes no steps: servingWindows say when its variants are served')]),
  ...(blackouts === undefined ? [] : [fault('/blackouts', 'a FIXED strategy takes no steps')]),
];

const shapeFaults = (strategy: Strategy): Faults => {
  if (strategy.type === 'FIXED') return fixedFaults(strategy);
  const explicit = strategy.steps !== undefined;
  const own = strategy.type === 'CANARY' ? canaryFaults(strategy) : explicit ? [] : evenFaults(strategy);
  return [...own, ...(strategy.steps?.length === 0 ? [fault('/steps', 'is empty')] : stepFaults(strategy.steps ?? [], strategy.incrementInterval))];
};

const countFaults = (type: Design['type'], strategy: Strategy): Faults => {
  const count = stepsOf({ type, strategy }).length;
  return count > MOST_STEPS ? [fault('/incrementSize', `makes ${count >= 1_000 ? 'a thousand steps or more' : `${count} steps`}: ${MOST_STEPS} at most`)] : [];
};

const valueOf = (threshold: number | Threshold): Threshold => (typeof threshold === 'number' ? { value: threshold } : threshold);

const contradictions = ({ successThresholds = {}, failureThresholds = {} }: Strategy): Faults => Object.entries(failureThresholds).flatMap(([metric, given]) => {
  const success = Object.hasOwn(successThresholds, metric) ? valueOf(successThresholds[metric]!) : undefined;
  const failure = valueOf(given);
  if (success === undefined || (success.of ?? 'level') !== (failure.of ?? 'level') || success.direction !== failure.direction) return [];
  // Which side is good may be for the metric to say: then only values on both sides at once are no contradiction.
  const wrong = success.direction === 'atMost' ? failure.value < success.value : success.direction === 'atLeast' && failure.value > success.value;
  return wrong ? [fault(`/failureThresholds/${metric}`, `is stricter than the success threshold ${success.value}: it would fail before it could succeed`)] : [];
});

const thresholdFaults = (strategy: Strategy, design: Design): Faults => {
  const known = new Set([...(design.successMetrics ?? []), ...(design.guardrailMetrics ?? []), ...(design.safetyMetrics ?? [])].map((metric) => (typeof metric === 'string' ? metric : metric.key)).concat(ERROR_METRIC));
  const named = (['successThresholds', 'failureThresholds'] as const).flatMap((list) => Object.entries(strategy[list] ?? {}).map(([metric, threshold]) => ({ list, metric, ...valueOf(threshold) })));
  return [
    ...named.flatMap(({ list, metric, of, value }) => [
      ...(known.has(metric) ? [] : [fault(`/${list}/${metric}`, `is no metric of this experiment: name it in successMetrics, guardrailMetrics or safetyMetrics (${[...known].join(', ')})`)]),
      ...(of === 'ratio' && value <= 0 ? [fault(`/${list}/${metric}/value`, 'a ratio to control is above 0: 1 is no change')] : []),
    ]),
    ...(strategy.type === 'AUTOMATIC' && named.length === 0 ? [fault('/successThresholds', 'an AUTOMATIC strategy needs at least one threshold')] : []),
    ...contradictions(strategy),
  ];
};

const emptyRegions = ({ geographicRules = [] }: Strategy): Faults =>
  geographicRules.flatMap(({ regions }, index) => (regions.length === 0 ? [fault(`/geographicRules/${index}/regions`, 'names no region')] : []));

/** Faults of a strategy, as part of an experiment. */
export const strategyFaults = (strategy: Strategy, design: Design): Faults => {
  const shape = [...durationFaults(strategy), ...shapeFaults(strategy)];
  return [
    ...shape,
    ...(shape.length > 0 ? [] : countFaults(design.type, strategy)),
    ...thresholdFaults(strategy, design),
    ...windowFaults(strategy),
    ...(strategy.timezone === undefined || isTimeZone(strategy.timezone) ? [] : [fault('/timezone', `"${strategy.timezone}" is no IANA time zone`)]),
    ...emptyRegions(strategy),
  ];
};

/** Faults of a GRADUAL_ROLLOUT: one treatment against control, and a share that grows. */
export const gradualFaults = ({ variants = [], strategy }: Pick<CreateExperiment, 'variants' | 'strategy'>): Faults => [
  ...(variants.length > 2 ? [{ pointer: '/variants', detail: 'a GRADUAL_ROLLOUT has one treatment beside the control: use AB_TEST for more' }] : []),
  ...(strategy === undefined || strategy.type === 'FIXED' ? [{ pointer: '/strategy/type', detail: 'a GRADUAL_ROLLOUT grows: use GRADUAL, AUTOMATIC or CANARY' }] : []),
];

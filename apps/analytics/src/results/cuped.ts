import type { Comparison, CupedComparison, MetricDefinition } from '@pataka/contracts';
import { cupedTest, fiellerLiftOf, normalIsf, normalPValue, type CupedArm, type CupedResult, type Interval, type MeanEstimate } from '@pataka/statistics';
import { toNumber } from '../evidence/fixed-point';
import type { ReportContext } from './report-context';
import { sequenceAt, type Tuning } from './sequence';
import { growingArms, type Arm, type Arms, type SumRow } from './sums';

const ONE_SQUARED = 12;
const millionths = (value: bigint): number => toNumber(value, 6);
const squares = (value: bigint): number => toNumber(value, ONE_SQUARED);

/** Sums of an arm and of those of its subjects that have a history; what these did before is where denominators would be. */
interface AdjustedArm { all: Arm; before: Arm | undefined }

/** Covariates: what a subject did before its first exposure, and whether it did anything. */
const cupedArm = ({ all, before }: AdjustedArm, metric: MetricDefinition): CupedArm => {
  const isRate = (metric.type ?? 'conversion') === 'conversion';
  const known = before === undefined ? { n: 0, c: 0, cc: 0, cy: 0, y: 0 } : { n: before.converted, c: millionths(before.x), cc: squares(before.xx), cy: squares(before.xy), y: millionths(before.y) };
  return {
    n: all.subjects, sumY: isRate ? all.converted : millionths(all.y), sumYY: isRate ? all.converted : squares(all.yy),
    sumX: [known.c, known.n], sumXX: [[known.cc, known.c], [known.c, known.n]], sumXY: [known.cy, known.y],
  };
};

interface Adjusted { users: number; test: CupedResult }
const isTested = (test: CupedResult): boolean => test.diff !== null && test.adjVarControl !== null && test.adjVarTreatment !== null;

/** The adjusted comparison within each phase. */
const byPhase = (metric: MetricDefinition, control: { all: Arms; before: Arms }, treatment: { all: Arms; before: Arms }, alpha: number): Adjusted[] =>
  [...control.all.keys()].sort((a, b) => a - b).flatMap((phase) => {
    const [c, t] = [control.all.get(phase)!, treatment.all.get(phase)];
    if (t === undefined || c.subjects < 2 || t.subjects < 2) return [];
    const test = cupedTest({ control: cupedArm({ all: c, before: control.before.get(phase) }, metric), treatment: cupedArm({ all: t, before: treatment.before.get(phase) }, metric), alpha });
    return isTested(test) ? [{ users: c.subjects + t.subjects, test }] : [];
  });

interface Estimated { control: MeanEstimate; treatment: MeanEstimate; difference: number; standardError: number }

const averaged = (phases: readonly Adjusted[]): Estimated => {
  const total = phases.reduce((sum, { users }) => sum + users, 0);
  const side = (mean: (test: CupedResult) => number, variance: (test: CupedResult) => number): MeanEstimate => phases.reduce((sum, { users, test }) => {
    const weight = users / total;
    return { mean: sum.mean + weight * mean(test), variance: sum.variance + weight * weight * variance(test) };
  }, { mean: 0, variance: 0 });
  const control = side((test) => test.adjMeanControl!, (test) => test.adjVarControl!);
  const treatment = side((test) => test.adjMeanTreatment!, (test) => test.adjVarTreatment!);
  return { control, treatment, difference: treatment.mean - control.mean, standardError: Math.sqrt(control.variance + treatment.variance) };
};

const none = (reason: string): CupedComparison => ({
  absoluteEffect: null, relativeEffect: null, standardError: null, statistic: null, pValue: null, adjustedPValue: null, confidenceInterval: null, relativeConfidenceInterval: null,
  alwaysValidPValue: null, adjustedAlwaysValidPValue: null, alwaysValidInterval: null, varianceReduction: null, theta: null, reason,
});

const pair = (interval: Interval | null): [number, number] | null => (interval === null ? null : [interval[0], interval[1]]);

const tested = ({ difference, standardError }: Estimated, only: CupedResult | null, alpha: number) => {
  if (only !== null) return { statistic: only.t, pValue: only.pValue, confidenceInterval: pair(only.ci) };
  const [statistic, half] = [difference / standardError, normalIsf(alpha / 2) * standardError];
  return { statistic, pValue: normalPValue(statistic), confidenceInterval: pair([difference - half, difference + half]) };
};

/** The arms of both kinds as they stood at the end of a day. */
const armsAt = (rows: readonly SumRow[], variant: string, metric: string) => {
  const [all, before] = [growingArms(rows, variant, metric), growingArms(rows, variant, metric, 'happened-before')];
  return (day: number) => ({ all: all.upTo(day), before: before.upTo(day) });
};

interface AdjustedLook { estimated: Estimated; tests: Adjusted[]; subjects: number; pValue: number | null; interval: Interval | null }

/** Adjusted looks at the end of each day on which there was enough for the unadjusted one. */
const looksOf = (rows: readonly SumRow[], metric: MetricDefinition, treatment: string, days: readonly number[], { control, alpha, nTune }: ReportContext): AdjustedLook[] => {
  const [c, t] = [armsAt(rows, control, metric.key), armsAt(rows, treatment, metric.key)];
  return days.flatMap((day) => {
    const tests = byPhase(metric, c(day), t(day), alpha);
    if (tests.length === 0) return [];
    const estimated = averaged(tests);
    const subjects = tests.reduce((sum, { users }) => sum + users, 0);
    const tuning: Tuning = { subjects, nTune, alpha };
    return [{ estimated, tests, subjects, ...(estimated.standardError > 0 ? sequenceAt(estimated, tuning) : { pValue: null, interval: null }) }];
  });
};

/**
 * The comparison adjusted by what the subjects did before their first exposure, within each phase. `days`: the days of the looks to tell, the last of
 * which is the present.
 */
export const adjustedComparison = (rows: readonly SumRow[], metric: MetricDefinition, unadjusted: Pick<Comparison, 'variantId' | 'standardError'>, days: readonly number[], context: ReportContext): CupedComparison => {
  const looks = looksOf(rows, metric, unadjusted.variantId, days, context);
  const last = looks.at(-1);
  if (last === undefined) return none('insufficient_data');
  const { estimated, tests } = last;
  if (estimated.standardError === 0) return none('zero_variance');
  const only = tests.length === 1 ? tests[0]!.test : null;
  const lift = fiellerLiftOf(estimated.control, estimated.treatment, context.alpha);
  return {
    absoluteEffect: estimated.difference, relativeEffect: lift.lift, standardError: estimated.standardError, adjustedPValue: null, adjustedAlwaysValidPValue: null, ...tested(estimated, only, context.alpha),
    relativeConfidenceInterval: pair(only === null ? lift.ci : only.liftCi), alwaysValidInterval: pair(last.interval),
    alwaysValidPValue: looks.reduce<number | null>((least, { pValue }) => (pValue === null ? least : Math.min(pValue, least ?? 1)), null),
    varianceReduction: only?.varianceReduction ?? reductionOf(estimated, unadjusted.standardError), theta: thetaOf(only),
  };
};

const reductionOf = ({ standardError }: Estimated, plain: number | null): number | null => (plain === null || plain === 0 ? null : 1 - (standardError / plain) ** 2);

const thetaOf = (test: CupedResult | null): CupedComparison['theta'] => {
  const [before, hasHistory] = test?.theta ?? [];
  return before === undefined || hasHistory === undefined ? null : { before, hasHistory };
};

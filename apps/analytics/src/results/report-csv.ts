import type { Comparison, ExperimentResults, MetricResult, VariantResults } from '@pataka/contracts';

type Cell = string | number | boolean | null | undefined;

// A spreadsheet takes a text that begins like this for a formula and runs it.
const FORMULA = /^[=+\-@\t\r]/;

/** Texts are always quoted and never formulas; numbers stay numbers. */
const cellText = (cell: Cell): string => {
  if (cell === null || cell === undefined) return '';
  if (typeof cell === 'number' || typeof cell === 'boolean') return String(cell);
  return `"${(FORMULA.test(cell) ? `'${cell}` : cell).replaceAll('"', '""')}"`;
};

interface Line { results: ExperimentResults; metric: string; variant: VariantResults; own: MetricResult; comparison: Comparison | undefined }

const columns: readonly [name: string, of: (line: Line) => Cell][] = [
  ['experiment', ({ results }) => results.experimentId], ['period', ({ results }) => results.period], ['generated_at', ({ results }) => results.generatedAt],
  ['decision', ({ results }) => results.verdict.decision], ['winner', ({ results }) => results.winner], ['metric', ({ metric }) => metric],
  ['variant', ({ variant }) => variant.variantId], ['variant_name', ({ variant }) => variant.variantName], ['is_control', ({ variant }) => variant.isControl],
  ['sample_size', ({ own }) => own.sampleSize], ['mean', ({ own }) => own.mean], ['standard_error', ({ own }) => own.standardError],
  ['mean_low', ({ own }) => own.confidenceInterval?.[0]], ['mean_high', ({ own }) => own.confidenceInterval?.[1]],
  ['role', ({ comparison }) => comparison?.role], ['test', ({ comparison }) => comparison?.test], ['effect', ({ comparison }) => comparison?.absoluteEffect],
  ['effect_low', ({ comparison }) => comparison?.confidenceInterval?.[0]], ['effect_high', ({ comparison }) => comparison?.confidenceInterval?.[1]],
  ['lift', ({ comparison }) => comparison?.relativeEffect], ['lift_low', ({ comparison }) => comparison?.relativeConfidenceInterval?.[0]], ['lift_high', ({ comparison }) => comparison?.relativeConfidenceInterval?.[1]],
  ['p_value', ({ comparison }) => comparison?.pValue], ['adjusted_p_value', ({ comparison }) => comparison?.adjustedPValue],
  ['always_valid_p_value', ({ comparison }) => comparison?.alwaysValidPValue], ['always_valid_low', ({ comparison }) => comparison?.alwaysValidInterval?.[0]], ['always_valid_high', ({ comparison }) => comparison?.alwaysValidInterval?.[1]],
  ['power', ({ comparison }) => comparison?.power], ['detectable_lift', ({ comparison }) => comparison?.minimumDetectableEffect.relative],
  ['chance_to_beat', ({ comparison }) => comparison?.chanceToBeat], ['guard', ({ comparison }) => comparison?.guard?.status],
  ['cuped_effect', ({ comparison }) => comparison?.cuped?.absoluteEffect], ['cuped_p_value', ({ comparison }) => comparison?.cuped?.pValue], ['cuped_variance_reduction', ({ comparison }) => comparison?.cuped?.varianceReduction],
  ['reason', ({ comparison, own }) => comparison?.reason ?? own.reason], ['coverage', ({ results }) => results.coverage.name],
];

/** A report as a table: a line for each metric and variant, with the comparison of that variant with control. */
export const reportCsv = (results: ExperimentResults): string => {
  const lines = results.variants.flatMap((variant) => Object.entries(variant.metrics).map(([metric, own]): Line =>
    ({ results, metric, variant, own, comparison: results.comparisons.find((one) => one.metric === metric && one.variantId === variant.variantId) })));
  const rows = [columns.map(([name]) => name).join(','), ...lines.map((line) => columns.map(([, of]) => cellText(of(line))).join(','))];
  return `${rows.join('\r\n')}\r\n`;
};

import type { Comparison, ExperimentResults, RolloutView } from '@pataka/contracts';
import { type Scenario, trueValue } from './scenarios';

const number = new Intl.NumberFormat('en-IN', { maximumFractionDigits: 3 });
const shown = (value: number | null | undefined): string => (value === null || value === undefined ? '–' : number.format(value));
const interval = (range: readonly [number, number] | null): string => (range === null ? '–' : `${shown(range[0])} to ${shown(range[1])}`);
const pShown = (p: number | null): string => (p === null ? '–' : p < 0.0001 ? '<0.0001' : p.toFixed(4));

const line = (cells: readonly string[], widths: readonly number[]): string => cells.map((cell, index) => cell.padEnd(widths[index]!)).join('  ').trimEnd();

const WIDTHS = [28, 14, 10, 10, 22, 8, 7];

const row = (comparison: Comparison, scenario: Scenario): string => {
  const [there, here] = [trueValue(scenario, comparison.variantId, comparison.metric), trueValue(scenario, comparison.controlId, comparison.metric)];
  const trueEffect = there === undefined || here === undefined ? undefined : there - here;
  const covered = comparison.confidenceInterval !== null && trueEffect !== undefined && comparison.confidenceInterval[0] <= trueEffect && trueEffect <= comparison.confidenceInterval[1];
  return line([comparison.metric, comparison.variantId, shown(trueEffect), shown(comparison.absoluteEffect), interval(comparison.confidenceInterval), pShown(comparison.pValue), covered ? 'yes' : 'no'], WIDTHS);
};

/** What was decided on the way, as sentences. */
export const decisionsText = ({ past, present }: RolloutView): string[] =>
  [...past, ...(present === null ? [] : [present])].flatMap(({ decisions }) => decisions).map(({ at, sentence }) => `  ${at.slice(0, 10)}  ${sentence.en}`);

/** The report as text: each estimate with the true effect that the demo put in beside it. */
export const reportText = (scenario: Scenario, results: ExperimentResults): string => {
  const sizes = results.variants.map(({ variantId, sampleSize }) => `${variantId} ${number.format(sampleSize)}`).join(', ');
  return [
    '', scenario.title, '='.repeat(scenario.title.length),
    `subjects: ${sizes}; sample ratio p = ${pShown(results.sampleRatio.pValue)}; in two variants: ${results.excluded.multipleVariants}`,
    '', line(['metric', 'variant', 'true', 'estimate', '95% interval', 'p', 'covers'], WIDTHS),
    ...results.comparisons.map((comparison) => row(comparison, scenario)),
    '', `verdict: ${results.verdict.decision}${results.verdict.reasons.length > 0 ? ` (${results.verdict.reasons.join(', ')})` : ''}${results.winner === undefined ? '' : `; winner: ${results.winner}`}`,
  ].join('\n');
};

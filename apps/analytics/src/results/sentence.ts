import type { Decision, MetricDefinition, PlanningResult } from '@pataka/contracts';
import type { Compared } from './comparison';
import type { ReportContext } from './report-context';

/** What a sentence is made of. */
export interface Told { decision: Decision; reasons: readonly string[]; best: Compared | null; failed: MetricDefinition | null; undecided: MetricDefinition | null; least: number; planning: PlanningResult }

const LAKH = 100_000;
const CRORE = 10_000_000;

/** A count as it is written in India: 12,450; 1.2 lakh; 3.4 crore. */
const countText = (count: number, { lakh, crore }: { lakh: string; crore: string }): string => {
  if (count >= CRORE) return `${Number((count / CRORE).toFixed(1))} ${crore}`;
  if (count >= LAKH) return `${Number((count / LAKH).toFixed(1))} ${lakh}`;
  return String(count).replace(/\B(?=(\d{3})+$)/, ',');
};

const percentText = (share: number): string => `${Number((Math.abs(share) * 100).toFixed(Math.abs(share) < 0.1 ? 1 : 0))}%`;

interface Words {
  count: (count: number) => string;
  more: string; less: string;
  invalid: string; noMetric: string;
  failed: (variant: string, guard: string) => string;
  harm: (variant: string, effect: string) => string;
  early: (least: string, needed: string, days: string) => string;
  unclear: (metric: string, days: string) => string;
  over: (metric: string) => string;
  small: (effect: string, minimum: string) => string;
  unsafe: (effect: string, guard: string) => string;
  ship: (effect: string, size: string) => string;
  effect: (parts: { metric: string; variant: string; control: string; size: string; way: string }) => string;
  days: (days: number) => string;
}

const english: Words = {
  count: (count) => countText(count, { lakh: 'lakh', crore: 'crore' }),
  more: 'higher', less: 'lower',
  invalid: 'Do not rely on these numbers: who got which variant does not match what was planned, so something is wrong with the set-up.',
  noMetric: 'This experiment has no success metric, so nothing can be decided.',
  failed: (variant, guard) => `Take “${variant}” back: it makes “${guard}” worse.`,
  harm: (variant, effect) => `Take “${variant}” back: ${effect}.`,
  early: (least, needed, days) => `It is too early to say: the smallest group has ${least} of the ${needed} that are needed${days}.`,
  unclear: (metric, days) => `There is no clear difference in “${metric}” yet: let it run${days}.`,
  over: (metric) => `The planned time is over, and no clear difference in “${metric}” was found.`,
  small: (effect, minimum) => `The difference is real but small: ${effect}, less than the ${minimum} that would make it worth rolling out.`,
  unsafe: (effect, guard) => `Looks good, but wait: ${effect}, while it is not yet certain that “${guard}” gets no worse.`,
  ship: (effect, size) => `Roll it out: ${effect}, measured on ${size}.`,
  effect: ({ metric, variant, control, size, way }) => `“${metric}” is ${size} ${way} with “${variant}” than with “${control}”`,
  days: (days) => (days === 1 ? ', about one more day' : `, about ${days} more days`),
};

const hindi: Words = {
  count: (count) => countText(count, { lakh: 'लाख', crore: 'करोड़' }),
  more: 'ज़्यादा', less: 'कम',
  invalid: 'इन आँकड़ों पर भरोसा न करें: किसे कौन-सा रूप मिला, यह योजना से मेल नहीं खाता, इसलिए व्यवस्था में कोई गड़बड़ी है।',
  noMetric: 'इस प्रयोग का कोई सफलता मापदंड नहीं है, इसलिए कुछ तय नहीं हो सकता।',
  failed: (variant, guard) => `“${variant}” को वापस लें: इससे “${guard}” बिगड़ता है।`,
  harm: (variant, effect) => `“${variant}” को वापस लें: ${effect}।`,
  early: (least, needed, days) => `अभी कुछ कहना जल्दी होगी: सबसे छोटे समूह में ${needed} में से ${least} हैं${days}।`,
  unclear: (metric, days) => `“${metric}” में अभी कोई साफ़ अंतर नहीं है: प्रयोग चलने दें${days}।`,
  over: (metric) => `तय समय पूरा हो गया और “${metric}” में कोई साफ़ अंतर नहीं मिला।`,
  small: (effect, minimum) => `अंतर असली है पर छोटा: ${effect}, जबकि लागू करने लायक अंतर ${minimum} है।`,
  unsafe: (effect, guard) => `नतीजा अच्छा है, पर रुकें: ${effect}, लेकिन “${guard}” न बिगड़ने का भरोसा अभी नहीं है।`,
  ship: (effect, size) => `इसे लागू करें: ${effect}, ${size} पर मापा गया।`,
  effect: ({ metric, variant, control, size, way }) => `“${control}” के मुकाबले “${variant}” से “${metric}” ${size} ${way} है`,
  days: (days) => `, लगभग ${days} दिन और`,
};

const nameOf = (metric: MetricDefinition | null): string => metric?.name ?? metric?.key ?? '';

const effectText = (words: Words, { best }: Told, { experiment, control, primary }: ReportContext): string => {
  const variantName = (id: string): string => experiment.variants.find((variant) => variant.id === id)?.name ?? id;
  const { relativeEffect, absoluteEffect, variantId, cuped } = best!.comparison;
  const lift = cuped?.relativeEffect ?? relativeEffect;
  const change = lift ?? cuped?.absoluteEffect ?? absoluteEffect ?? 0;
  const size = lift === null ? String(Number(Math.abs(change).toPrecision(3))) : percentText(lift);
  return words.effect({ metric: nameOf(primary), variant: variantName(variantId), control: variantName(control), size, way: change < 0 ? words.less : words.more });
};

const daysText = (words: Words, days: number | null): string => (days === null || days === 0 ? '' : words.days(days));

type Sentence = (words: Words, told: Told, context: ReportContext) => string;
const variantOf = ({ best }: Told, { experiment }: ReportContext): string => experiment.variants.find(({ id }) => id === best?.comparison.variantId)?.name ?? best?.comparison.variantId ?? '';

const sentences: Record<Decision, Sentence> = {
  invalid: (words) => words.invalid,
  rollback: (words, told, context) => (told.failed === null ? words.harm(variantOf(told, context), effectText(words, told, context)) : words.failed(variantOf(told, context), nameOf(told.failed))),
  continue: (words, told, { primary }) => {
    if (told.best === null) return words.noMetric;
    const { minimum, planned } = told.planning;
    if (told.reasons.includes('insufficient_samples')) return words.early(words.count(told.least), words.count(minimum.subjectsPerVariant ?? 0), daysText(words, minimum.daysLeft));
    return words.unclear(nameOf(primary), daysText(words, planned.daysLeft));
  },
  inconclusive: (words, _told, { primary }) => words.over(nameOf(primary)),
  hold: (words, told, context) => (told.reasons.includes('effect_below_minimum') ? words.small(effectText(words, told, context), percentText(context.minimumEffect)) : words.unsafe(effectText(words, told, context), nameOf(told.undecided))),
  ship: (words, told, context) => words.ship(effectText(words, told, context), words.count(told.best!.controlArm.subjects + told.best!.treatmentArm.subjects)),
};

/** The decision in one plain sentence, in English and in Hindi. */
export const sentencesOf = (told: Told, context: ReportContext): { sentence: string; sentenceHi: string } => ({
  sentence: sentences[told.decision](english, told, context), sentenceHi: sentences[told.decision](hindi, told, context),
});

import type { DecisionRecord, Experiment, JudgedGuard, JudgedThreshold, Sentence } from '@pataka/contracts';

type Told = Omit<DecisionRecord, 'sentence'>;

const number = (value: number | null): string => (value === null ? '–' : String(Number(value.toPrecision(4))));
const words = (parts: readonly (string | null)[], join: string): string => [...new Set(parts.filter((part) => part !== null && part !== ''))].join(join);

const measures = { level: { en: '', hi: '' }, difference: { en: ' difference from control', hi: ' (कंट्रोल से अंतर)' }, ratio: { en: ' ratio to control', hi: ' (कंट्रोल से अनुपात)' } } as const;
const sides = { atLeast: { en: 'at least', hi: 'कम से कम' }, atMost: { en: 'at most', hi: 'अधिक से अधिक' } } as const;

const thresholdText = ({ metric, variantId, of, value, threshold, direction }: JudgedThreshold): Sentence => ({
  en: `${metric} of ${variantId}${measures[of].en} is ${number(value)}, ${sides[direction].en} ${number(threshold)} is needed`,
  hi: `${variantId} का ${metric}${measures[of].hi} ${number(value)} है, ${sides[direction].hi} ${number(threshold)} चाहिए`,
});

const guardText = ({ guard, metric, variantId, value, control }: JudgedGuard): Sentence => (guard === 'sampleRatio'
  ? { en: 'the numbers of subjects do not fit the weights they were assigned by', hi: 'प्रतिभागियों की संख्या तय किए गए अनुपात से मेल नहीं खाती' }
  : { en: `${metric} of ${variantId} is ${number(value)} against ${number(control ?? null)} in control, which is certain harm`, hi: `${variantId} का ${metric} ${number(value)} है और कंट्रोल का ${number(control ?? null)}: नुकसान निश्चित है` });

const plain: Record<string, Sentence> = {
  'evidence-missing': { en: 'there is no evidence yet', hi: 'अभी कोई आँकड़े नहीं हैं' },
  'evidence-stale': { en: 'the newest evidence is too old', hi: 'नवीनतम आँकड़े बहुत पुराने हैं' },
  'sample-ratio-doubtful': { en: 'the split of subjects is doubtful', hi: 'प्रतिभागियों का बँटवारा संदिग्ध है' },
  'maximum-hold': { en: 'it has been held for longer than allowed', hi: 'यह तय सीमा से अधिक समय से रुका है' },
};
const gaps: Record<string, Sentence> = {
  missing: { en: 'has no evidence', hi: 'के आँकड़े नहीं हैं' },
  'sample-too-small': { en: 'has too few subjects', hi: 'में प्रतिभागी कम हैं' },
  'too-few-events': { en: 'has too few events', hi: 'की घटनाएँ कम हैं' },
};

const reasonText = (reason: string): Sentence | null => {
  const [what = '', metric = ''] = reason.split(':');
  const known = plain[what];
  if (known !== undefined) return known;
  const gap = Object.entries(gaps).find(([name]) => what.endsWith(name))?.[1];
  return gap === undefined || metric === '' ? null : { en: `${metric} ${gap.en}`, hi: `${metric} ${gap.hi}` };
};

const because = (told: Told, language: 'en' | 'hi'): string => {
  const unmet = told.reasons.includes('success-thresholds-unmet') ? told.thresholds.filter(({ list, holds }) => list === 'success' && holds === false) : [];
  return words([...told.reasons.map((reason) => reasonText(reason)?.[language] ?? null), ...unmet.map((one) => thresholdText(one)[language])], '; ');
};

const failure = (told: Told, language: 'en' | 'hi'): string => words([
  ...told.guards.filter(({ fails }) => fails === true).map((one) => guardText(one)[language]),
  ...told.thresholds.filter(({ list, holds }) => list === 'failure' && holds === false).map((one) => thresholdText(one)[language]),
], '; ');

const metText = ({ met }: Told): Sentence => (met === undefined || met.of === 0 ? { en: '', hi: '' }
  : { en: `: ${met.met} of ${met.of} success thresholds are met, ${met.needed} were needed`, hi: `: ${met.of} में से ${met.met} लक्ष्य पूरे हुए, ${met.needed} आवश्यक थे` });

const finished = (told: Told): Sentence => {
  const winner = told.winnerVariantId;
  const end = told.reasons.includes('end-date');
  return {
    en: `${end ? 'Its end date has come' : `The rollout has reached its last step at ${told.percentage}%`}${winner === undefined ? '' : `; everyone gets ${winner} from now on`}${metText(told).en}.`,
    hi: `${end ? 'इसकी अंतिम तिथि आ गई है' : `रोलआउट ${told.percentage}% पर अपने अंतिम चरण तक पहुँच गया है`}${winner === undefined ? '' : `; अब से सबको ${winner} मिलेगा`}${metText(told).hi}।`,
  };
};

/** What was decided and why, as a sentence that a manager can read. */
export const sentenceOf = (experiment: Experiment, told: Told): Sentence => {
  const name = experiment.name ?? experiment.key;
  switch (told.decision) {
    case 'advance': return { en: `${name} goes from ${told.percentage}% to ${told.toPercentage}%${metText(told).en}.`, hi: `${name} ${told.percentage}% से ${told.toPercentage}% पर जाता है${metText(told).hi}।` };
    case 'hold': return { en: `${name} stays at ${told.percentage}%: ${because(told, 'en')}.`, hi: `${name} ${told.percentage}% पर रुका है: ${because(told, 'hi')}।` };
    case 'rollBack': return { en: `${name} is rolled back from ${told.percentage}%, everyone gets the control: ${failure(told, 'en')}.`, hi: `${name} ${told.percentage}% से वापस लिया गया, अब सबको कंट्रोल मिलेगा: ${failure(told, 'hi')}।` };
    case 'escalate': return { en: `${name} needs a person: ${because(told, 'en')}.`, hi: `${name} पर किसी को ध्यान देना होगा: ${because(told, 'hi')}।` };
    case 'finish': return finished(told);
    case 'reweigh': return { en: `${name} moves its weights to ${weightsText(told)}.`, hi: `${name} के भार अब ${weightsText(told)} हैं।` };
  }
};

const weightsText = ({ weights = {} }: Told): string => Object.entries(weights).map(([variant, weight]) => `${variant} ${number(weight * 100)}%`).join(', ');

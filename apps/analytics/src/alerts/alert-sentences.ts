import type { AlertKind, LocalText } from '@pataka/contracts';

/** Three digits are what a person reads; pure, so that a replay says the same. */
export const shown = (value: number): string => String(Number(value.toPrecision(3)));
export const percent = (share: number): string => `${shown(share * 100)}%`;
// Nobody needs to know how many noughts there are.
const SMALLEST_P = 0.001;
const pShown = (pValue: number): string => (pValue < SMALLEST_P ? `p < ${SMALLEST_P}` : `p = ${shown(pValue)}`);

interface Named { variant: string; metric: string }

export const dropped = ({ variant, metric }: Named, { drop, now, before, against }: { drop: number; now: number; before: number; against: 'control' | 'previous-window' }): LocalText => {
  const than = against === 'control' ? { en: "control's", hi: 'कंट्रोल' } : { en: 'its own in the window before', hi: 'अपनी पिछली अवधि' };
  return {
    en: `"${metric}" of variant "${variant}" is ${percent(drop)} worse than ${than.en}: ${shown(now)} against ${shown(before)}.`,
    hi: `वैरिएंट "${variant}" में "${metric}" ${than.hi} से ${percent(drop)} ख़राब है: ${shown(before)} के मुक़ाबले ${shown(now)}।`,
  };
};

export const significant = ({ variant, metric }: Named, { lift, better, pValue }: { lift: number | null; better: boolean; pValue: number }): LocalText => {
  const by = lift === null ? '' : ` (${lift > 0 ? '+' : ''}${percent(lift)})`;
  return {
    en: `"${metric}" of variant "${variant}" differs significantly from control's, for the ${better ? 'better' : 'worse'}${by}; always-valid ${pShown(pValue)}.`,
    hi: `वैरिएंट "${variant}" में "${metric}" कंट्रोल से सार्थक रूप से ${better ? 'बेहतर' : 'ख़राब'} है${by}; सदा-वैध ${pShown(pValue)}।`,
  };
};

export const goalReached = (goal: number, smallest: number): LocalText => ({
  en: `Every variant has reached the sample goal of ${goal}; the smallest has ${smallest} subjects.`,
  hi: `हर वैरिएंट ने ${goal} का सैंपल लक्ष्य पूरा कर लिया है; सबसे छोटे में ${smallest} प्रतिभागी हैं।`,
});

export const moreErrors = (variant: string, treatment: number, control: number): LocalText => ({
  en: `Variant "${variant}" has more errors than control: ${percent(treatment)} of its subjects against ${percent(control)}.`,
  hi: `वैरिएंट "${variant}" में कंट्रोल से ज़्यादा त्रुटियाँ हैं: ${percent(control)} के मुक़ाबले ${percent(treatment)} प्रतिभागियों में।`,
});

export const mismatched = (pValue: number | null, reason: string | undefined): LocalText => {
  const because = pValue === null ? (reason ?? '') : pShown(pValue);
  return {
    en: `The split of subjects does not fit the weights (${because}): until that is explained no result of this experiment can be trusted.`,
    hi: `प्रतिभागियों का बँटवारा तय भार से मेल नहीं खाता (${because}): कारण मिलने तक इस प्रयोग के किसी नतीजे पर भरोसा नहीं किया जा सकता।`,
  };
};

const over: Partial<Record<AlertKind, LocalText>> = {
  'conversion-drop': { en: 'The drop is within the limit again.', hi: 'गिरावट फिर से सीमा के भीतर है।' },
  'significance-reached': { en: 'The difference is no longer significant.', hi: 'अंतर अब सार्थक नहीं रहा।' },
  'sample-goal-reached': { en: 'The sample is below the goal again.', hi: 'सैंपल फिर से लक्ष्य से नीचे है।' },
  'error-rate': { en: 'The difference in errors can no longer be told from chance.', hi: 'त्रुटियों का अंतर अब संयोग से अलग नहीं दिखता।' },
  'sample-ratio-mismatch': { en: 'The split of subjects fits the weights again.', hi: 'प्रतिभागियों का बँटवारा फिर से तय भार के अनुसार है।' },
};

/** Why an alert is over, by what was found. */
export const resolvedOf = (kind: AlertKind): LocalText => over[kind] ?? { en: 'The reason for it is gone.', hi: 'इसका कारण अब नहीं रहा।' };
export const experimentOver: LocalText = { en: 'The experiment is over.', hi: 'प्रयोग समाप्त हो गया है।' };
export const rulesChanged: LocalText = { en: 'Alerts are judged by other rules now.', hi: 'अलर्ट अब दूसरे नियमों से परखे जाते हैं।' };

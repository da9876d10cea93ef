import { useQuery } from '@tanstack/react-query';
import { twoProportionSampleSize } from '@pataka/statistics';
import { get, isApiError } from '../api/client';
import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import { TextField } from '../ui/fields';
import { Notice } from '../ui/states';
import type { PartProps } from './wizard-parts';

interface Power { subjectsPerVariant: number; subjects: number }

/** The smallest relative effect that so many subjects a variant would find, by halving; null where even a large one would not be. */
export const detectable = (baseline: number, subjectsPerVariant: number): number | null => {
  const needed = (effect: number): number => twoProportionSampleSize({ pControl: baseline, pTreatment: baseline * (1 + effect), ratio: 1, alpha: 0.05, power: 0.8, alternative: 'two-sided' }).nControlCeil;
  let [low, high] = [1e-4, Math.min(5, (1 - baseline) / baseline) * 0.999];
  if (!(subjectsPerVariant >= 2) || high <= low || needed(high) > subjectsPerVariant) return null;
  for (let round = 0; round < 40; round += 1) {
    const middle = (low + high) / 2;
    if (needed(middle) > subjectsPerVariant) low = middle;
    else high = middle;
  }
  return high;
};

const powerQuery = (baseline: number, effect: number) => ({
  queryKey: ['power', baseline, effect], queryFn: ({ signal }: { signal: AbortSignal }) => get<Power>('/api/power', { baseline, minimumEffect: effect }, signal), enabled: baseline > 0 && baseline < 1 && effect !== 0, retry: false,
});

/** How many subjects and days it takes, and the other way round: what so many days would find. */
export function PowerCard({ draft, change, fault }: PartProps) {
  const t = useT();
  const formats = useFormats();
  const { plan } = draft;
  const [baseline, effect, daily] = [Number(plan.baseline) / 100, Number(plan.effect) / 100, Number(plan.daily)];
  const variants = draft.factorial ? draft.factors.reduce((product, { levels }) => product * Math.max(1, levels.length), 1) : draft.variants.length;
  const query = useQuery(powerQuery(baseline, effect));
  const set = (part: Partial<typeof plan>): void => change({ plan: { ...plan, ...part } });
  const days = query.data === undefined || !(daily > 0) ? null : Math.ceil((Math.max(1000, query.data.subjectsPerVariant) * variants) / daily);
  const reverse = baseline > 0 && baseline < 1 && daily > 0 ? [14, 28, 42].map((length) => ({ length, effect: detectable(baseline, Math.floor((daily * length) / variants)) })) : [];
  return (
    <section className="stack" aria-label={t('experiments.power')}>
      <h3>{t('experiments.power')}</h3>
      <div className="grid-2">
        <TextField label={t('experiments.baseline')} inputMode="decimal" value={plan.baseline} onChange={(value) => set({ baseline: value })} hint={t('experiments.baselineHint')} fault={fault('/plan/baseline')} />
        <TextField label={t('experiments.minimumEffect')} inputMode="decimal" value={plan.effect} onChange={(value) => set({ effect: value })} hint={t('experiments.minimumEffectHint')} fault={fault('/plan/minimumEffect')} />
        <TextField label={t('experiments.daily')} inputMode="numeric" value={plan.daily} onChange={(value) => set({ daily: value })} hint={t('experiments.dailyHint')} fault={fault('/plan/dailySubjects')} />
        <TextField label={t('experiments.horizon')} optional inputMode="numeric" value={plan.horizon} onChange={(value) => set({ horizon: value })} hint={t('experiments.horizonHint')} fault={fault('/plan/horizonDays')} />
      </div>
      {query.data !== undefined && <Notice look={days !== null && days > 90 ? 'warn' : 'info'}>{t('experiments.powerAnswer', { each: formats.number(query.data.subjectsPerVariant), all: formats.number(query.data.subjectsPerVariant * variants) })} {days !== null && t('experiments.powerDays', { days, text: formats.number(days) })}</Notice>}
      {isApiError(query.error, 'validation') && <Notice look="warn">{t('experiments.powerInvalid')}</Notice>}
      {reverse.length > 0 && <ul className="small soft">{reverse.map(({ length, effect: found }) => <li key={length}>{found === null ? t('experiments.detectNothing', { days: length }) : t('experiments.detect', { days: length, effect: formats.percent(found, 1) })}</li>)}</ul>}
    </section>
  );
}

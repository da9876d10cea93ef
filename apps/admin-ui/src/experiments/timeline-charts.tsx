import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import { LineChart } from './line-chart';
import type { Metrics } from './metric-names';
import { type ListedExperiment, type Timeline, variantName } from './queries';

const dayMs = (day: string): number => Date.parse(`${day}T00:00:00+05:30`);

/** How the answer came about: subjects, rates, the effect within its always-valid band, and p-values, day by day. */
export function TimelineCharts({ timeline, experiment, metrics }: { timeline: Timeline; experiment: ListedExperiment; metrics: Metrics }) {
  const t = useT();
  const formats = useFormats();
  const { days } = timeline;
  const last = days.at(-1)!;
  const name = (id: string): string => variantName(experiment, id);
  const formatX = (x: number): string => formats.date(x).replace(/,? \d{4}$/, '');
  const percent = (value: number): string => formats.percent(value, 1);
  const treatments = last.effects.map(({ variantId }) => variantId);
  const effect = (id: string, index: number) => days[index]!.effects.find(({ variantId }) => variantId === id);
  const pSeries = treatments.flatMap((id) => [
    { id: `${id} always`, label: t('experiments.alwaysValidOf', { variant: name(id) }), points: days.map(({ day }, index) => ({ x: dayMs(day), y: effect(id, index)?.alwaysValidPValue ?? null })) },
    { id: `${id} p`, label: t('experiments.pOf', { variant: name(id) }), dashed: true, points: days.map(({ day }, index) => ({ x: dayMs(day), y: effect(id, index)?.pValue ?? null })) },
  ]);
  // Of a mean there is no rate: that some value was sent says nothing.
  const isRate = timeline.metric !== null && metrics.isRate(timeline.metric);
  const effectText = (value: number): string => (isRate ? t('experiments.points', { value: formats.number(value * 100, { maximumFractionDigits: 1 }) }) : formats.number(value, { maximumSignificantDigits: 2 }));
  const words = (id: string): string => {
    const { alwaysValidPValue = null, absoluteEffect = null } = effect(id, days.length - 1) ?? {};
    return t('experiments.timelineSummary', { variant: name(id), days: days.length, p: alwaysValidPValue === null ? '–' : formats.number(alwaysValidPValue), effect: absoluteEffect === null ? '–' : effectText(absoluteEffect) });
  };
  const summary = treatments.map(words).join(' ');
  return (
    <section className="stack" aria-label={t('experiments.overTime')}>
      <h2>{t('experiments.overTime')}{timeline.metric !== null && <span className="soft small"> · {metrics.name(timeline.metric)}</span>}</h2>
      <div className="columns even">
        <div className="card"><LineChart title={t('experiments.effectOverTime')} summary={summary} formatX={formatX} formatY={effectText} marks={[{ y: 0, label: t('experiments.noEffect') }]}
          series={treatments.map((id) => ({ id, label: name(id), points: days.map(({ day }, index) => ({ x: dayMs(day), y: effect(id, index)?.absoluteEffect ?? null, band: effect(id, index)?.alwaysValidInterval ?? null })) }))} /></div>
        <div className="card"><LineChart title={t('experiments.pOverTime')} summary={summary} formatX={formatX} formatY={(value) => formats.number(value, { maximumFractionDigits: 2 })} range={[0, 1]} marks={[{ y: 0.05, label: '0.05' }]} series={pSeries} /></div>
        <div className="card"><LineChart title={t('experiments.subjectsOverTime')} summary={last.variants.map(({ variantId, subjects }) => `${name(variantId)}: ${formats.number(subjects)}.`).join(' ')} formatX={formatX} formatY={formats.compact} marks={[{ y: 1000, label: formats.number(1000) }]}
          series={last.variants.map(({ variantId }) => ({ id: variantId, label: name(variantId), points: days.map(({ day, variants }) => ({ x: dayMs(day), y: variants.find((one) => one.variantId === variantId)?.subjects ?? null })) }))} /></div>
        {isRate && <div className="card"><LineChart title={t('experiments.rateOverTime')} summary={last.variants.map(({ variantId, rate }) => `${name(variantId)}: ${rate === null ? '–' : percent(rate)}.`).join(' ')} formatX={formatX} formatY={percent}
          series={last.variants.map(({ variantId }) => ({ id: variantId, label: name(variantId), points: days.map(({ day, variants }) => ({ x: dayMs(day), y: variants.find((one) => one.variantId === variantId)?.rate ?? null })) }))} /></div>}
      </div>
    </section>
  );
}

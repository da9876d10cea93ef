import type { ExperimentResults } from '@pataka/contracts';
import { useQuery } from '@tanstack/react-query';
import { useFormats } from '../i18n/format';
import { useLocale, useT } from '../i18n/intl';
import { Icon } from '../ui/icons';
import { EmptyState, Loaded, Notice } from '../ui/states';
import { VerdictBadge } from './experiment-badges';
import { IntervalPlot } from './interval-plot';
import { type Metrics, metricsOf, useMetrics } from './metric-names';
import { type ListedExperiment, metricKey, resultsQuery, timelineQuery } from './queries';
import { ComparisonTable, FactorialCards, GuardCard, SegmentCards } from './results-tables';
import { TimelineCharts } from './timeline-charts';

interface Shown { experiment: ListedExperiment; results: ExperimentResults }

/** The verdict in one sentence; whatever spoils the evidence hides the winner. */
function Verdict({ results }: Shown) {
  const t = useT();
  const hindi = useLocale() === 'hi';
  const { decision, reasons, sentence, sentenceHi } = results.verdict;
  const said = (hindi ? sentenceHi : sentence) ?? t(`experiments.verdictLead.${decision}`);
  return (
    <section className={`card verdict ${decision}`} aria-label={t('experiments.verdictTitle')}>
      <div className="stack tight grow">
        <div className="row wrap"><VerdictBadge decision={decision} /></div>
        <p>{said}</p>
        {reasons.length > 0 && <details><summary>{t('experiments.why')}</summary><ul className="small soft">{reasons.map((reason) => <li key={reason}>{t.maybe(`experiments.reason.${reason}`, reason)}</li>)}</ul></details>}
      </div>
    </section>
  );
}

function SampleRatio({ results, experiment }: Shown) {
  const t = useT();
  const formats = useFormats();
  const { ok, pValue, sequentialPValue } = results.sampleRatio;
  if (ok) return null;
  const seen = results.variants.map(({ variantName, sampleSize }) => `${variantName} ${formats.number(sampleSize)}`);
  const due = experiment.variants.map(({ name, id, weight }) => `${name ?? id} ${formats.percent(weight, 1)}`);
  return <div role="alert"><Notice look="bad"><strong>{t('experiments.srm.title')}</strong><br />{t('experiments.srm.lead', { seen: formats.list(seen), due: formats.list(due), p: formats.number(sequentialPValue ?? pValue ?? 0, { maximumSignificantDigits: 2 }) })}</Notice></div>;
}

/** Subjects of each variant on the way to what the criteria ask for. */
function Samples({ results, experiment, metrics }: Shown & { metrics: Metrics }) {
  const t = useT();
  const formats = useFormats();
  const goal = Math.max(1000, results.planning?.planned.subjectsPerVariant ?? 0);
  const primary = experiment.successMetrics[0] === undefined ? null : metricKey(experiment.successMetrics[0]);
  const levelOf = (variant: ExperimentResults['variants'][number]): string => (primary === null || variant.sampleSize === 0 ? '' : ` · ${metrics.level(primary, metrics.isRate(primary) ? variant.conversionRate : variant.metrics[primary]?.mean)}`);
  const left = results.planning?.planned.daysLeft ?? results.planning?.minimum.daysLeft ?? null;
  return (
    <section className="card stack" aria-label={t('experiments.samples')}>
      <header><h2>{t('experiments.samples')}</h2>{left !== null && experiment.status === 'ACTIVE' && <span className="small soft">{t('experiments.daysLeft', { days: Math.ceil(left) })}</span>}</header>
      {results.variants.map((variant) => ({ ...variant, level: levelOf(variant) })).map(({ variantId, variantName, sampleSize, isControl, level }) => (
        <div key={variantId} className="stack tight">
          <div className="row between wrap small"><span>{variantName}{isControl && <> <span className="badge outline">{t('experiments.control')}</span></>}</span><span className="numeric nowrap">{t('experiments.ofGoal', { size: formats.number(sampleSize), goal: formats.number(goal) })}{level}</span></div>
          <div className={`progress${sampleSize >= goal ? ' done' : ''}`} aria-hidden="true"><span style={{ width: `${Math.min(100, (sampleSize / goal) * 100)}%` }} /></div>
        </div>
      ))}
      {results.excluded.multipleVariants > 0 && <p className="small soft">{t('experiments.excluded', { count: results.excluded.multipleVariants, text: formats.number(results.excluded.multipleVariants) })}</p>}
    </section>
  );
}

function Report({ experiment, results }: Shown) {
  const t = useT();
  const metrics = useMetrics(metricsOf(experiment));
  const timeline = useQuery(timelineQuery(experiment.id, results.coverage.name));
  const shared = { experiment, results, metrics };
  const judged = results.comparisons.filter(({ role }) => role === 'primary' || role === 'secondary');
  return (
    <div className="stack">
      <SampleRatio experiment={experiment} results={results} />
      <Verdict experiment={experiment} results={results} />
      <div className="columns">
        <section className="card stack" aria-label={t('experiments.effects')}><header><h2>{t('experiments.effects')}</h2></header><IntervalPlot comparisons={judged} experiment={experiment} metrics={metrics} goal={Math.abs(experiment.plan?.minimumEffect ?? 0.05)} /></section>
        <div className="stack"><Samples {...shared} /><GuardCard {...shared} /></div>
      </div>
      {timeline.data !== undefined && timeline.data.days.length > 0 && <TimelineCharts timeline={timeline.data} experiment={experiment} metrics={metrics} />}
      <ComparisonTable {...shared} />
      <FactorialCards {...shared} />
      <SegmentCards {...shared} />
      <details className="small"><summary>{t('experiments.howComputed')}</summary>
        <dl className="facts">
          <dt>{t('experiments.method')}</dt><dd>{t(`experiments.methods.${results.method ?? 'sequential'}`)}</dd>
          <dt>{t('experiments.unit')}</dt><dd><code>{results.unit?.name ?? 'targetingKey'}</code></dd>
          <dt>{t('experiments.period')}</dt><dd>{results.period}</dd>
          <dt>{t('experiments.coverage')}</dt><dd><code className="break">{results.coverage.name}</code></dd>
        </dl>
        <p><a href={`/api/experiments/${encodeURIComponent(experiment.id)}/results?format=csv`} download><Icon name="download" size={12} /> CSV</a></p>
      </details>
    </div>
  );
}

export function ResultsTab({ experiment }: { experiment: ListedExperiment }) {
  const t = useT();
  const query = useQuery(resultsQuery(experiment));
  if (experiment.startedAt === undefined) return <EmptyState icon="flask" title={t('experiments.notStarted')}>{t('experiments.notStartedLead')}</EmptyState>;
  return <Loaded query={query} lines={10}>{(results) => <Report experiment={experiment} results={results} />}</Loaded>;
}

import type { ExperimentResults } from '@pataka/contracts';
import { useQuery } from '@tanstack/react-query';
import { metricsQuery } from '../api/catalogue';
import { useFormats } from '../i18n/format';
import { useLocale, useT } from '../i18n/intl';
import { Icon } from '../ui/icons';
import { EmptyState, Loaded, Notice } from '../ui/states';
import { VerdictBadge } from './experiment-badges';
import { IntervalPlot } from './interval-plot';
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
function Samples({ results, experiment }: Shown) {
  const t = useT();
  const formats = useFormats();
  const goal = Math.max(1000, results.planning?.planned.subjectsPerVariant ?? 0);
  const left = results.planning?.planned.daysLeft ?? results.planning?.minimum.daysLeft ?? null;
  return (
    <section className="card stack" aria-label={t('experiments.samples')}>
      <header><h2>{t('experiments.samples')}</h2>{left !== null && experiment.status === 'ACTIVE' && <span className="small soft">{t('experiments.daysLeft', { days: Math.ceil(left) })}</span>}</header>
      {results.variants.map(({ variantId, variantName, sampleSize, conversionRate, isControl }) => (
        <div key={variantId} className="stack tight">
          <div className="row between small"><span className="truncate">{variantName}{isControl && <> <span className="badge outline">{t('experiments.control')}</span></>}</span><span className="numeric nowrap">{t('experiments.ofGoal', { size: formats.number(sampleSize), goal: formats.number(goal) })}{conversionRate !== null && ` · ${formats.percent(conversionRate, 1)}`}</span></div>
          <div className={`progress${sampleSize >= goal ? ' done' : ''}`} aria-hidden="true"><span style={{ width: `${Math.min(100, (sampleSize / goal) * 100)}%` }} /></div>
        </div>
      ))}
      {results.excluded.multipleVariants > 0 && <p className="small soft">{t('experiments.excluded', { count: results.excluded.multipleVariants, text: formats.number(results.excluded.multipleVariants) })}</p>}
    </section>
  );
}

function Report({ experiment, results }: Shown) {
  const t = useT();
  const metrics = useQuery(metricsQuery).data ?? [];
  const timeline = useQuery(timelineQuery(experiment.id));
  const inline = [...experiment.successMetrics, ...experiment.guardrailMetrics, ...experiment.safetyMetrics].filter((one) => typeof one !== 'string');
  const definitionOf = (key: string) => inline.find((one) => metricKey(one) === key) ?? metrics.find((one) => one.key === key);
  const metricName = (key: string): string => { const found = definitionOf(key); return found === undefined || typeof found === 'string' ? key : found.name ?? key; };
  const decreases = (key: string): boolean => { const found = definitionOf(key); return found !== undefined && typeof found !== 'string' && found.direction === 'decrease'; };
  const shared = { experiment, results, metricName, decreases };
  const judged = results.comparisons.filter(({ role }) => role === 'primary' || role === 'secondary');
  return (
    <div className="stack">
      <SampleRatio experiment={experiment} results={results} />
      <Verdict experiment={experiment} results={results} />
      <div className="columns">
        <section className="card stack" aria-label={t('experiments.effects')}><header><h2>{t('experiments.effects')}</h2></header><IntervalPlot comparisons={judged} experiment={experiment} metricName={metricName} decreases={decreases} goal={Math.abs(experiment.plan?.minimumEffect ?? 0.05)} /></section>
        <div className="stack"><Samples experiment={experiment} results={results} /><GuardCard {...shared} /></div>
      </div>
      {timeline.data !== undefined && timeline.data.days.length > 0 && <TimelineCharts timeline={timeline.data} experiment={experiment} metricName={metricName} />}
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

import type { Experiment, Strategy } from '@pataka/contracts';
import { Link } from '@tanstack/react-router';
import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import { ConditionText } from '../targeting/condition-text';
import { TargetingContext } from '../targeting/targeting-context';
import { useWorld } from '../targeting/use-world';
import { valueText } from '../targeting/value-text';
import { Table } from '../ui/table';
import { metricsOf, useMetrics } from './metric-names';
import { type ListedExperiment, metricKey } from './queries';
import '../targeting/targeting.css';

/** Who takes part, as a sentence with the names of places, segments and languages. */
function Audience({ experiment }: { experiment: Experiment }) {
  const t = useT();
  const { options } = useWorld();
  const { targetAudience, strategy } = experiment;
  const segments = (strategy.audienceSegments ?? []).map((key) => options.segments.find(({ id }) => id === key)?.label ?? key);
  const conditions = targetAudience?.conditions ?? [];
  if (conditions.length === 0 && segments.length === 0) return <>{t('experiments.everyone')}</>;
  return (
    <TargetingContext.Provider value={{ ...options, type: 'BOOLEAN', readOnly: true, faults: new Map(), refused: new Map() }}>
      {conditions.length > 0 && <ConditionText conditions={conditions} />}
      {segments.length > 0 && <p>{t('experiments.audienceSegments')}: <strong>{segments.join(', ')}</strong></p>}
    </TargetingContext.Provider>
  );
}

function Thresholds({ experiment, thresholds }: { experiment: Experiment; thresholds: Strategy['successThresholds'] }) {
  const t = useT();
  const formats = useFormats();
  const metrics = useMetrics(metricsOf(experiment));
  const entries = Object.entries(thresholds ?? {});
  if (entries.length === 0) return <>–</>;
  return (
    <ul className="stack tight">
      {entries.map(([key, threshold]) => {
        const { value, direction = 'atLeast', of = 'level' } = typeof threshold === 'number' ? { value: threshold } : threshold;
        return <li key={key}>{metrics.name(key)} {t(`experiments.side.${direction}`)} <strong>{of === 'level' ? metrics.level(key, value) : formats.number(value)}</strong>{of !== 'level' && <span className="faint"> ({t(`experiments.measure.${of}`)})</span>}</li>;
      })}
    </ul>
  );
}

function Metrics({ experiment, list }: { experiment: Experiment; list: Experiment['successMetrics'] }) {
  const metrics = useMetrics(metricsOf(experiment));
  if (list.length === 0) return <>–</>;
  return <ul>{list.map(metricKey).map((key) => <li key={key}>{metrics.name(key)} {metrics.name(key) !== key && <code className="tiny">{key}</code>}</li>)}</ul>;
}

/** What was decided before the start: variants, audience, metrics, plan. */
export function SetupTab({ experiment }: { experiment: ListedExperiment }) {
  const t = useT();
  const formats = useFormats();
  const { plan, strategy } = experiment;
  return (
    <div className="stack">
      <Table
        label={t('experiments.variants')} rows={experiment.variants} rowKey={(row) => row.id}
        columns={[
          { id: 'name', header: t('common.name'), cell: (row) => <span className="variant-cell">{row.name ?? row.id} {row.isControl === true && <span className="badge outline">{t('experiments.control')}</span>}</span> },
          { id: 'weight', header: t('experiments.weight'), numeric: true, cell: (row) => formats.percent(row.weight, 2) }, { id: 'value', header: t('experiments.served'), cell: (row) => <code className="break">{valueText(row.config)}</code> },
        ]}
      />
      <section className="card"><dl className="facts">
        <dt>{t('experiments.flag')}</dt><dd>{experiment.linked ? <Link to="/flags/$key" params={{ key: experiment.flagKey }} className="key">{experiment.flagKey}</Link> : <span className="key">{experiment.flagKey}</span>}</dd>
        <dt>{t('experiments.step.audience')}</dt><dd><Audience experiment={experiment} /></dd>
        <dt>{t('experiments.bucketBy')}</dt><dd>{experiment.bucketBy === undefined ? t('experiments.eachSubject') : <code>{experiment.bucketBy}</code>}</dd>
        <dt>{t('experiments.success')}</dt><dd><Metrics experiment={experiment} list={experiment.successMetrics} /></dd>
        <dt>{t('experiments.guardrail')}</dt><dd><Metrics experiment={experiment} list={experiment.guardrailMetrics} /></dd>
        <dt>{t('experiments.safety')}</dt><dd><Metrics experiment={experiment} list={experiment.safetyMetrics} /></dd>
        <dt>{t('experiments.strategy')}</dt><dd>{t(`experiments.strategies.${strategy.type}`)}</dd>
        <dt>{t('experiments.successThresholds')}</dt><dd><Thresholds experiment={experiment} thresholds={strategy.successThresholds} /></dd>
        <dt>{t('experiments.failureThresholds')}</dt><dd><Thresholds experiment={experiment} thresholds={strategy.failureThresholds} /></dd>
        {plan !== undefined && <><dt>{t('experiments.plan')}</dt><dd>{t('experiments.planText', { baseline: plan.baseline === undefined ? '–' : formats.percent(plan.baseline, 1), effect: plan.minimumEffect === undefined ? '–' : formats.percent(plan.minimumEffect, 1), daily: plan.dailySubjects === undefined ? '–' : formats.number(plan.dailySubjects) })}</dd></>}
        {experiment.layer !== undefined && <><dt>{t('experiments.layer')}</dt><dd><code>{experiment.layer.key}</code> {formats.percent(experiment.layer.share / 100, 1)}</dd></>}
        <dt>{t('experiments.id')}</dt><dd><code className="break">{experiment.id}</code></dd>
      </dl></section>
    </div>
  );
}

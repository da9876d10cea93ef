import { Link } from '@tanstack/react-router';
import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import { Table } from '../ui/table';
import { type ListedExperiment, metricKey } from './queries';

/** What was decided before the start: variants, audience, metrics, plan. */
export function SetupTab({ experiment }: { experiment: ListedExperiment }) {
  const t = useT();
  const formats = useFormats();
  const { plan, strategy } = experiment;
  const metrics = (list: ListedExperiment['successMetrics']) => (list.length === 0 ? '–' : list.map(metricKey).map((key, index) => <span key={key}>{index > 0 && ', '}<code>{key}</code></span>));
  return (
    <div className="stack">
      <Table
        label={t('experiments.variants')} rows={experiment.variants} rowKey={(row) => row.id}
        columns={[
          { id: 'name', header: t('common.name'), cell: (row) => <>{row.name ?? row.id} {row.isControl === true && <span className="badge outline">{t('experiments.control')}</span>}</> },
          { id: 'weight', header: t('experiments.weight'), numeric: true, cell: (row) => formats.percent(row.weight, 2) }, { id: 'value', header: t('experiments.column.value'), cell: (row) => <code className="break">{JSON.stringify(row.config)}</code> },
        ]}
      />
      <section className="card"><dl className="facts">
        <dt>{t('experiments.flag')}</dt><dd>{experiment.linked ? <Link to="/flags/$key" params={{ key: experiment.flagKey }} className="key">{experiment.flagKey}</Link> : <span className="key">{experiment.flagKey}</span>}</dd>
        <dt>{t('experiments.bucketBy')}</dt><dd><code>{experiment.bucketBy ?? 'targetingKey'}</code></dd>
        <dt>{t('experiments.step.audience')}</dt><dd>{(experiment.targetAudience?.conditions ?? []).length === 0 ? t('experiments.everyone') : <pre className="small">{JSON.stringify(experiment.targetAudience?.conditions, null, 1)}</pre>}</dd>
        <dt>{t('experiments.success')}</dt><dd>{metrics(experiment.successMetrics)}</dd>
        <dt>{t('experiments.guardrail')}</dt><dd>{metrics(experiment.guardrailMetrics)}</dd>
        <dt>{t('experiments.safety')}</dt><dd>{metrics(experiment.safetyMetrics)}</dd>
        <dt>{t('experiments.strategy')}</dt><dd>{t(`experiments.strategies.${strategy.type}`)}</dd>
        {plan !== undefined && <><dt>{t('experiments.plan')}</dt><dd>{t('experiments.planText', { baseline: plan.baseline === undefined ? '–' : formats.percent(plan.baseline, 1), effect: plan.minimumEffect === undefined ? '–' : formats.percent(plan.minimumEffect, 1), daily: plan.dailySubjects === undefined ? '–' : formats.number(plan.dailySubjects) })}</dd></>}
        {experiment.layer !== undefined && <><dt>{t('experiments.layer')}</dt><dd><code>{experiment.layer.key}</code> {formats.percent(experiment.layer.share / 100, 1)}</dd></>}
        <dt>{t('experiments.id')}</dt><dd><code className="break">{experiment.id}</code></dd>
      </dl></section>
    </div>
  );
}

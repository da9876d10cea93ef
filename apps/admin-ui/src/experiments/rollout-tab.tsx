import type { DecisionRecord, JudgedGuard, JudgedThreshold, RolloutView } from '@pataka/contracts';
import { useQuery } from '@tanstack/react-query';
import { regionsQuery } from '../api/catalogue';
import { useFormats } from '../i18n/format';
import { useLocale, useT } from '../i18n/intl';
import { Icon, type IconName } from '../ui/icons';
import { Loaded, Notice } from '../ui/states';
import { Time } from '../ui/time';
import { metricsOf, useMetrics } from './metric-names';
import { type ListedExperiment, rolloutQuery, variantName } from './queries';
import { useNumbers } from './results-tables';
import { Staircase } from './staircase';

const icons: Record<DecisionRecord['decision'], IconName> = { advance: 'arrowUp', hold: 'pause', rollBack: 'replay', escalate: 'alert', finish: 'check', reweigh: 'split' };
const mark = (holds: boolean | null): IconName => (holds === null ? 'minus' : holds ? 'check' : 'close');

function Judged({ threshold, guard, experiment }: { threshold?: JudgedThreshold; guard?: JudgedGuard; experiment: ListedExperiment }) {
  const t = useT();
  const numbers = useNumbers();
  const metrics = useMetrics(metricsOf(experiment));
  if (threshold !== undefined) {
    const levelOf = (value: number | null): string => (threshold.of === 'level' ? metrics.level(threshold.metric, value) : numbers.level(value));
    return <li className="row top"><Icon name={mark(threshold.holds)} size={14} /><span>{t(`experiments.threshold.${threshold.list}`)} · {metrics.name(threshold.metric)} · {variantName(experiment, threshold.variantId)}: {levelOf(threshold.value)} {threshold.direction === 'atLeast' ? '≥' : '≤'} {levelOf(threshold.threshold)} <span className="faint">({t(`experiments.measure.${threshold.of}`)}{threshold.sample !== null && `, n ${numbers.number(threshold.sample)}`})</span></span></li>;
  }
  if (guard === undefined) return null;
  return <li className="row top"><Icon name={mark(guard.fails === null ? null : !guard.fails)} size={14} /><span>{t(`experiments.guardKind.${guard.guard}`)}{guard.metric !== undefined && ` · ${metrics.name(guard.metric)}`}{guard.variantId !== undefined && ` · ${variantName(experiment, guard.variantId)}`}: p {numbers.p(guard.pValue)}</span></li>;
}

function DecisionItem({ decision, experiment }: { decision: DecisionRecord; experiment: ListedExperiment }) {
  const t = useT();
  const hindi = useLocale() === 'hi';
  return (
    <li>
      <Icon name={icons[decision.decision]} />
      <div className="stack tight">
        <div className="row wrap"><strong>{t(`experiments.decision.${decision.decision}`)}</strong><span className="small soft"><Time at={decision.at} /></span></div>
        <p>{hindi ? decision.sentence.hi : decision.sentence.en}</p>
        {decision.thresholds.length + decision.guards.length > 0 && (
          <details><summary>{t('experiments.evidence')}</summary>
            <ul className="stack tight small">
              {decision.thresholds.map((threshold) => <Judged key={`${threshold.list} ${threshold.metric} ${threshold.variantId}`} threshold={threshold} experiment={experiment} />)}
              {decision.guards.map((guard) => <Judged key={`${guard.guard} ${guard.metric} ${guard.variantId}`} guard={guard} experiment={experiment} />)}
            </ul>
            {decision.evidence !== null && <p className="tiny faint break">{t('experiments.coverage')} <code>{decision.evidence.name}</code></p>}
          </details>
        )}
      </div>
    </li>
  );
}

function Standing({ view }: { view: RolloutView }) {
  const t = useT();
  const formats = useFormats();
  return (
    <div className="tiles">
      <div className="card tile"><span className="small soft">{t('experiments.reach')}</span><span className="figure">{formats.percent(view.percentage / 100, 1)}</span></div>
      <div className="card tile"><span className="small soft">{t('experiments.stepOf')}</span><span className="figure">{t('experiments.stepCount', { step: view.step + (view.startedAt === undefined ? 0 : 1), steps: view.steps })}</span></div>
      <div className="card tile"><span className="small soft">{t('experiments.nextStep')}</span><span className="strong">{view.nextStepAt === null ? t('experiments.noNextStep') : <Time at={view.nextStepAt} />}</span></div>
    </div>
  );
}

/** Where the rollout stands, what is still to come, and every decision with what it was made on. */
export function RolloutTab({ experiment }: { experiment: ListedExperiment }) {
  const t = useT();
  const query = useQuery(rolloutQuery(experiment.id));
  const regions = useQuery(regionsQuery).data ?? [];
  return (
    <Loaded query={query}>{(view) => {
      const past = [...view.past, ...(view.present === null ? [] : [view.present])];
      const decisions = past.flatMap((step) => step.decisions).sort((a, b) => (a.at < b.at ? 1 : -1));
      return (
        <div className="stack">
          <Standing view={view} />
          {view.waiting.length > 0 && <Notice look="warn"><strong>{t('experiments.waiting')}</strong><ul>{view.waiting.map((reason) => <li key={reason}>{t.maybe(`experiments.reason.${reason}`, reason)}</li>)}</ul></Notice>}
          {view.escalatedAt !== null && <Notice look="bad">{t('experiments.escalated')}</Notice>}
          <section className="card stack" aria-label={t('experiments.calendar')}><header><h2>{t('experiments.calendar')}</h2></header><Staircase past={past} planned={view.planned} now={Date.now()} regionName={(key) => regions.find((region) => region.key === key)?.name ?? key} /></section>
          <section className="card stack" aria-label={t('experiments.decisions')}><h2>{t('experiments.decisions')}</h2>
            {decisions.length === 0 ? <p className="soft small">{t('experiments.noDecisions')}</p> : <ol className="decisions">{decisions.map((decision) => <DecisionItem key={`${decision.at} ${decision.decision}`} decision={decision} experiment={experiment} />)}</ol>}
          </section>
        </div>
      );
    }}</Loaded>
  );
}

import { useState } from 'react';
import type { ExperimentOverview, KpiSeries, Overview, RevenueImpact } from '@pataka/contracts';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { VerdictBadge } from '../experiments/experiment-badges';
import { LineChart } from '../experiments/line-chart';
import { metricsOf, useMetrics } from '../experiments/metric-names';
import { experimentsQuery, variantName } from '../experiments/queries';
import { useNumbers } from '../experiments/results-tables';
import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import { buttonClass } from '../ui/button';
import { Segmented } from '../ui/fields';
import { Icon } from '../ui/icons';
import { Page } from '../ui/page';
import { EmptyState, Loaded, Notice } from '../ui/states';
import { Alerts } from './alerts';
import { alertsQuery, kpisQuery, overviewQuery } from './queries';
import '../experiments/experiments.css';
import './dashboard.css';


function Tiles({ overview }: { overview: Overview }) {
  const t = useT();
  const formats = useFormats();
  const { experiments, alerts, items } = overview;
  const today = items.flatMap(({ variants }) => variants).reduce((sum, one) => sum + one.today.subjects, 0);
  const tiles = [
    { label: t('dashboard.active'), value: formats.number(experiments.ACTIVE), note: t('dashboard.paused', { count: experiments.PAUSED }) }, { label: t('dashboard.drafts'), value: formats.number(experiments.DRAFT), note: t('dashboard.completed', { count: experiments.COMPLETED }) },
    { label: t('dashboard.today'), value: formats.number(today), note: t('dashboard.todayNote') }, { label: t('dashboard.alerts'), value: formats.number(alerts.warning + alerts.critical), note: t('dashboard.critical', { count: alerts.critical }) },
  ];
  return <div className="tiles">{tiles.map(({ label, value, note }) => <div key={label} className="card tile"><span className="small soft">{label}</span><span className="figure">{value}</span><span className="tiny faint">{note}</span></div>)}</div>;
}

function Revenue({ revenue, nameOf }: { revenue: readonly RevenueImpact[]; nameOf: (variantId: string) => string }) {
  const t = useT();
  const formats = useFormats();
  const told = revenue.filter((one): one is RevenueImpact & { total: number } => one.total !== null);
  if (told.length === 0) return <span className="tiny faint">{revenue[0]?.metric === null || revenue.length === 0 ? t('dashboard.noRevenue') : t('dashboard.revenueUnknown')}</span>;
  return <ul className="small">{told.map(({ variantId, total, totalInterval }) => <li key={variantId}>{nameOf(variantId)}: <strong>{formats.rupees(total)}</strong>{totalInterval !== null && <span className="faint"> ({formats.rupees(totalInterval[0])} … {formats.rupees(totalInterval[1])})</span>}</li>)}</ul>;
}

/** One running experiment: rates today and in all, how sure, how many, and what it is worth. */
function ExperimentCard({ item }: { item: ExperimentOverview }) {
  const t = useT();
  const numbers = useNumbers();
  const experiment = useQuery(experimentsQuery).data?.find(({ id }) => id === item.id);
  const metrics = useMetrics(experiment === undefined ? [] : metricsOf(experiment));
  const nameOf = (variantId: string): string => (experiment === undefined ? variantId : variantName(experiment, variantId));
  // Of a mean, how many sent any value is no rate.
  const isRate = item.metric === null || metrics.isRate(item.metric);
  const meanOf = (variantId: string): string => (item.metric === null ? '–' : metrics.level(item.metric, experiment?.results?.variants.find((one) => one.variantId === variantId)?.metrics[item.metric]?.mean));
  return (
    <article className="card stack tight" aria-label={item.name ?? item.key}>
      <header><h3><Link to="/experiments/$id" params={{ id: item.key }}>{item.name ?? item.key}</Link></h3><VerdictBadge decision={item.verdict.decision} /></header>
      {!item.sampleRatio.ok && <Notice look="bad">{t('dashboard.srm')}</Notice>}
      <div className={`overview-grid${isRate ? '' : ' levels'}`} role="table" aria-label={t('dashboard.rates')}>
        <div role="row" className="tiny faint"><span role="columnheader">{t('dashboard.variant')}</span><span role="columnheader">{t('dashboard.subjects')}</span><span role="columnheader">{isRate ? t('dashboard.rate') : t('dashboard.level')}</span>{isRate && <span role="columnheader">{t('dashboard.rateToday')}</span>}</div>
        {item.variants.map(({ variantId, isControl, subjects, conversionRate, today }) => (
          <div role="row" key={variantId} className="small"><span role="cell">{nameOf(variantId)}{isControl && <span className="faint"> · {t('dashboard.control')}</span>}</span><span role="cell">{numbers.number(subjects)}</span><span role="cell">{!isRate ? meanOf(variantId) : conversionRate === null ? '–' : numbers.percent(conversionRate, 1)}</span>{isRate && <span role="cell">{today.rate === null ? '–' : numbers.percent(today.rate, 1)}</span>}</div>
        ))}
      </div>
      {item.metric !== null && <p className="small soft">{metrics.name(item.metric)}</p>}
      <p className="small">{t('dashboard.significance', { p: numbers.p(item.pValue), always: numbers.p(item.alwaysValidPValue) })}</p>
      <div className="row top small"><span className="soft">{t('dashboard.revenue')}</span><Revenue revenue={item.revenue} nameOf={nameOf} /></div>
    </article>
  );
}

/** From the first value of the time shown to its last, as a share; null where that says nothing. */
const changeOf = ({ periods }: KpiSeries): number | null => {
  const values = periods.flatMap(({ value }) => (value === null ? [] : [value]));
  const [first, last] = [values[0], values.at(-1)];
  return first === undefined || last === undefined || first === 0 || periods.length < 2 ? null : (last - first) / Math.abs(first);
};

function KpiChange({ kpi }: { kpi: KpiSeries }) {
  const t = useT();
  const formats = useFormats();
  const change = changeOf(kpi);
  if (change === null || change === 0) return null;
  const better = (change > 0) === (kpi.direction === 'increase');
  return <span className={`badge ${better ? 'good' : 'bad'}`}><Icon name={change > 0 ? 'arrowUp' : 'arrowDown'} size={12} />{formats.percent(Math.abs(change), 1)} {t(better ? 'dashboard.better' : 'dashboard.worse')}</span>;
}

function KpiCard({ kpi, by }: { kpi: KpiSeries; by: 'day' | 'month' }) {
  const t = useT();
  const formats = useFormats();
  const name = t.maybe(`dashboard.kpi.${kpi.key}`, kpi.name);
  const shown = (value: number): string => (/^(?:INR|₹|Rs)/.test(kpi.unit) ? formats.rupees(value) : formats.number(value, { maximumSignificantDigits: 3 }));
  const points = kpi.periods.map(({ period, value }) => ({ x: Date.parse(`${period}${by === 'month' ? '-01' : ''}T00:00:00+05:30`), y: value }));
  return (
    <article className="card stack tight">
      <div className="row between top"><h3>{name}</h3><KpiChange kpi={kpi} /></div>
      <span className="kpi-figure">{kpi.value === null ? '–' : shown(kpi.value)} <span className="small soft">{/^(?:INR|₹|Rs|share|points|stars|events)/.test(kpi.unit) ? '' : kpi.unit}</span></span>
      {points.length > 1 ? <LineChart title={t('dashboard.overTime')} height={130} series={[{ id: kpi.key, label: name, points }]} formatX={(x) => formats.date(x).replace(/,? \d{4}$/, '')} formatY={formats.compact} summary={kpi.periods.map(({ period, value }) => `${period}: ${value === null ? '–' : shown(value)}.`).join(' ')} /> : <span className="small faint">{t(kpi.value === null ? 'dashboard.noKpi' : 'dashboard.oneKpi')}</span>}
    </article>
  );
}

/** What runs, whether it works, and how the fleet does. */
export function DashboardPage() {
  const t = useT();
  const [by, setBy] = useState<'day' | 'month'>('day');
  const overview = useQuery(overviewQuery);
  const kpis = useQuery(kpisQuery(by));
  const alerts = useQuery(alertsQuery);
  return (
    <Page full title={t('dashboard.title')} description={t('dashboard.lead')}>
      <Loaded query={overview} lines={3}>{(data) => <Tiles overview={data} />}</Loaded>
      <div className="columns">
        <section className="stack" aria-label={t('dashboard.running')}>
          <h2>{t('dashboard.running')}</h2>
          <Loaded query={overview}>{(data) => (data.items.length === 0
            ? <EmptyState icon="flask" title={t('dashboard.nothingRuns')} action={<Link to="/experiments" className={buttonClass()}>{t('dashboard.toExperiments')}</Link>} />
            : <div className="overview-cards">{data.items.map((item) => <ExperimentCard key={item.id} item={item} />)}</div>)}</Loaded>
        </section>
        <section className="card stack" aria-label={t('dashboard.alerts')}><h2>{t('dashboard.alerts')}</h2><Loaded query={alerts} lines={3}>{(data) => <Alerts alerts={data} />}</Loaded></section>
      </div>
      <section className="stack" aria-label={t('dashboard.kpis')}>
        <div className="row between wrap"><h2>{t('dashboard.kpis')}</h2><Segmented label={t('dashboard.by')} value={by} onChange={setBy} options={[{ value: 'day', label: t('dashboard.byDay') }, { value: 'month', label: t('dashboard.byMonth') }]} /></div>
        <Loaded query={kpis}>{(data) => <div className="kpis">{data.kpis.map((kpi) => <KpiCard key={kpi.key} kpi={kpi} by={by} />)}</div>}</Loaded>
      </section>
    </Page>
  );
}

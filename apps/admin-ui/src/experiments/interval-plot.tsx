import type { Comparison, Experiment } from '@pataka/contracts';
import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import type { Metrics } from './metric-names';
import { variantName } from './queries';
import './charts.css';

type Drawn = Comparison & { relativeEffect: number };
const WIDTH = 320;

/** Whether an interval that may be looked at any day tells a direction; for a metric that should fall, falling is good. */
export const readingOf = (comparison: Comparison, decreases: boolean): 'good' | 'bad' | 'open' => {
  const [low, high] = comparison.alwaysValidInterval ?? comparison.confidenceInterval ?? [null, null];
  if (low === null || high === null || (low <= 0 && high >= 0)) return 'open';
  return low > 0 !== decreases ? 'good' : 'bad';
};

/** The always-valid interval relative to control: it is told absolutely, so it is scaled as the effect is. */
const relativeAlwaysValid = ({ alwaysValidInterval, absoluteEffect, relativeEffect }: Comparison): [number, number] | null => {
  if (alwaysValidInterval === null || absoluteEffect === null || relativeEffect === null || absoluteEffect === 0) return null;
  const scale = relativeEffect / absoluteEffect;
  return [alwaysValidInterval[0] * scale, alwaysValidInterval[1] * scale];
};

const reachOf = (drawn: readonly Drawn[], goal: number): number =>
  Math.min(3, Math.max(goal * 1.5, ...drawn.flatMap((one) => [...(one.relativeConfidenceInterval ?? []), one.relativeEffect].map(Math.abs))) * 1.1);

function Row({ comparison, name, reach, goal, decreases }: { comparison: Drawn; name: string; reach: number; goal: number; decreases: boolean }) {
  const t = useT();
  const formats = useFormats();
  const toX = (value: number): number => (Math.max(-reach, Math.min(reach, value)) / reach / 2 + 0.5) * WIDTH;
  const reading = readingOf(comparison, decreases);
  const wide = relativeAlwaysValid(comparison);
  const interval = comparison.relativeConfidenceInterval;
  const percent = (value: number): string => `${value > 0 ? '+' : ''}${formats.percent(value, 1)}`;
  const said = interval === null ? percent(comparison.relativeEffect) : t('experiments.interval', { effect: percent(comparison.relativeEffect), low: percent(interval[0]), high: percent(interval[1]) });
  return (
    <div className="interval-plot">
      <span className="interval-name">{name}</span>
      <svg viewBox={`0 0 ${WIDTH} 30`} preserveAspectRatio="none" className={`interval-draw interval-${reading}`} role="img" aria-label={`${name}: ${said}. ${t(`experiments.reading.${reading}`)}`}>
        <line className="interval-zero" x1={WIDTH / 2} x2={WIDTH / 2} y1={0} y2={30} />
        <line className="interval-goal" x1={toX(decreases ? -goal : goal)} x2={toX(decreases ? -goal : goal)} y1={0} y2={30} />
        {wide !== null && <line className="interval-wide" x1={toX(wide[0])} x2={toX(wide[1])} y1={15} y2={15} />}
        {interval !== null && <line className="interval-line" x1={toX(interval[0])} x2={toX(interval[1])} y1={15} y2={15} />}
        <rect className="interval-point" x={toX(comparison.relativeEffect) - 3} y={9} width={6} height={12} rx={1} />
      </svg>
      <span className="numeric nowrap"><strong>{percent(comparison.relativeEffect)}</strong> <span className={`badge ${reading === 'good' ? 'good' : reading === 'bad' ? 'bad' : ''}`}>{t(`experiments.reading.${reading}`)}</span></span>
    </div>
  );
}

/** Every treatment on every metric, on one scale: effect with its interval, the wider one that may be looked at any day, and the smallest effect of interest. */
export function IntervalPlot({ comparisons, experiment, metrics: { name: metricName, decreases }, goal }: { comparisons: readonly Comparison[]; experiment: Experiment; metrics: Metrics; goal: number }) {
  const t = useT();
  const formats = useFormats();
  const drawn = comparisons.filter((one): one is Drawn => one.relativeEffect !== null);
  const reach = reachOf(drawn, goal);
  const reasonOf = (metric: string): string | undefined => { const reason = comparisons.find((one) => one.metric === metric)?.reason; return reason === undefined ? undefined : t.maybe(`experiments.reason.${reason}`, reason); };
  const metrics = [...new Set(comparisons.map(({ metric }) => metric))];
  return (
    <div className="stack">
      <p className="tiny faint">{t('experiments.plotHelp', { goal: formats.percent(goal, 1), reach: formats.percent(reach, 0) })}</p>
      {metrics.map((metric) => (
        <section key={metric} className="stack tight" aria-label={metricName(metric)}>
          <h3>{metricName(metric)} {decreases(metric) && <span className="badge outline">{t('experiments.lowerIsBetter')}</span>}</h3>
          {drawn.some((one) => one.metric === metric)
            ? <div className="stack tight">{drawn.filter((one) => one.metric === metric).map((one) => <Row key={one.variantId} comparison={one} name={variantName(experiment, one.variantId)} reach={reach} goal={goal} decreases={decreases(metric)} />)}</div>
            : <p className="small faint">{reasonOf(metric) ?? t('experiments.noData')}</p>}
        </section>
      ))}
    </div>
  );
}

import type { PastStep, PlannedStep } from '@pataka/contracts';
import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import { useWidth } from '../ui/use-width';
import './charts.css';

interface Step { step: number; percentage: number; from: number; until: number; past: boolean; regions: readonly string[] }
const USUAL_WIDTH = 760;
/** Room that a date under a step takes. */
const DATE_WIDTH = 52;
const HEIGHT = 220;
const LEFT = 44;
const BOTTOM = 40;
const DAY_MS = 86_400_000;

/** Steps end where the next begins; the last one is drawn as long as the one before it. */
const stepsOf = (past: readonly PastStep[], planned: readonly PlannedStep[]): Step[] => {
  const begun = past.map(({ step, percentage, from, regions = [] }) => ({ step, percentage, from: Date.parse(from), past: true, regions }));
  const known = planned.flatMap(({ step, percentage, at, regions = [] }) => (at === null ? [] : [{ step, percentage, from: Date.parse(at), past: false, regions }]));
  const all = [...begun, ...known].sort((a, b) => a.from - b.from);
  return all.map((one, index) => {
    const length = index > 0 ? one.from - all[index - 1]!.from : 7 * DAY_MS;
    return { ...one, until: all[index + 1]?.from ?? one.from + Math.max(DAY_MS, length) };
  });
};

/** A rollout on the calendar: how high it is when. What is past is filled, what is planned is not. */
export function Staircase({ past, planned, now, regionName }: { past: readonly PastStep[]; planned: readonly PlannedStep[]; now: number | null; regionName?: (key: string) => string }) {
  const t = useT();
  const formats = useFormats();
  const [figure, width] = useWidth<HTMLElement>(USUAL_WIDTH);
  const steps = stepsOf(past, planned);
  if (steps.length === 0) return <p className="small soft">{t('experiments.noSteps')}</p>;
  const [start, end] = [steps[0]!.from, steps.at(-1)!.until];
  const toX = (at: number): number => LEFT + ((at - start) / (end - start || 1)) * (width - LEFT);
  const toY = (percentage: number): number => 12 + (1 - percentage / 100) * (HEIGHT - BOTTOM - 12);
  const day = (at: number): string => formats.date(at).replace(/,? \d{4}$/, '');
  // A date for every step that has room for one.
  const dated = steps.reduce<Step[]>((kept, step) => (kept.length === 0 || toX(step.from) - toX(kept.at(-1)!.from) > DATE_WIDTH ? [...kept, step] : kept), []);
  return (
    <figure className="chart" ref={figure}>
      <svg viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={t('experiments.staircaseLabel', { steps: steps.length, from: formats.date(start), percentage: formats.percent(steps.at(-1)!.percentage / 100, 0) })}>
        {[0, 25, 50, 75, 100].map((level) => <g key={level}><line className="chart-grid" x1={LEFT} x2={width} y1={toY(level)} y2={toY(level)} /><text className="chart-label" x={LEFT - 6} y={toY(level) + 4} textAnchor="end">{formats.percent(level / 100, 0)}</text></g>)}
        {steps.map((step) => (
          <g key={`${step.step} ${step.from}`} className="chart-1">
            <rect className={step.past ? 'chart-area' : 'chart-band'} x={toX(step.from)} y={toY(step.percentage)} width={Math.max(1, toX(step.until) - toX(step.from))} height={toY(0) - toY(step.percentage)} />
            <path className={`chart-line${step.past ? '' : ' dashed'}`} d={`M${toX(step.from)} ${toY(step.percentage)}H${toX(step.until)}`} />
            {toX(step.until) - toX(step.from) > 30 && <text className="chart-label strong" x={(toX(step.from) + toX(step.until)) / 2} y={toY(step.percentage) - 5} textAnchor="middle">{formats.percent(step.percentage / 100, 1)}</text>}
          </g>
        ))}
        {dated.map(({ from }) => <text key={from} className="chart-label" x={toX(from)} y={HEIGHT - BOTTOM + 18} textAnchor={from === start ? 'start' : 'middle'}>{day(from)}</text>)}
        {now !== null && now > start && now < end && <g><line className="chart-now" x1={toX(now)} x2={toX(now)} y1={4} y2={toY(0)} /><text className="chart-label strong" x={toX(now)} y={HEIGHT - 4} textAnchor="middle">{t('common.now')}</text></g>}
      </svg>
      <details><summary>{t('experiments.asTable')}</summary>
        <ul className="stack tight small">{steps.map((step) => <li key={`${step.step} ${step.from}`}>{formats.dateTime(step.from)}: <strong>{formats.percent(step.percentage / 100, 1)}</strong>{step.regions.length > 0 && ` · ${formats.list(step.regions.map((key) => regionName?.(key) ?? key))}`}{step.past && ` · ${t('experiments.reached')}`}</li>)}</ul>
      </details>
    </figure>
  );
}

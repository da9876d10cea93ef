import type { Comparison, ExperimentResults, SegmentMetric } from '@pataka/contracts';
import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import { Notice } from '../ui/states';
import { Table } from '../ui/table';
import type { Metrics } from './metric-names';
import { type ListedExperiment, variantName } from './queries';

interface Shown { experiment: ListedExperiment; results: ExperimentResults; metrics: Metrics }

export const useNumbers = () => {
  const formats = useFormats();
  return {
    p: (value: number | null | undefined): string => (value === null || value === undefined ? '–' : value < 0.001 ? '< 0.001' : formats.number(value, { maximumFractionDigits: 3 })),
    signed: (value: number | null): string => (value === null ? '–' : `${value > 0 ? '+' : ''}${formats.percent(value, 1)}`),
    level: (value: number | null | undefined): string => (value === null || value === undefined ? '–' : formats.number(value, { maximumSignificantDigits: 4 })),
    ...formats,
  };
};

/** Every number of every comparison, for those who want to see them. */
export function ComparisonTable({ experiment, results, metrics }: Shown) {
  const t = useT();
  const numbers = useNumbers();
  const levelOf = (variantId: string, metric: string): string => metrics.level(metric, results.variants.find((one) => one.variantId === variantId)?.metrics[metric]?.mean);
  return (
    <details open className="stack">
      <summary><h2 className="inline">{t('experiments.numbers')}</h2></summary>
      <Table<Comparison>
        label={t('experiments.numbers')} rows={results.comparisons} rowKey={(row) => `${row.metric} ${row.variantId}`}
        columns={[
          { id: 'metric', header: t('experiments.column.metric'), cell: (row) => metrics.name(row.metric) },
          { id: 'variant', header: t('experiments.column.variant'), cell: (row) => <span className="variant-cell">{variantName(experiment, row.variantId)}</span> },
          { id: 'control', header: t('experiments.column.controlLevel'), numeric: true, cell: (row) => levelOf(row.controlId, row.metric) },
          { id: 'level', header: t('experiments.column.level'), numeric: true, cell: (row) => levelOf(row.variantId, row.metric) },
          { id: 'effect', header: t('experiments.column.effect'), numeric: true, cell: (row) => numbers.signed(row.relativeEffect) },
          { id: 'interval', header: t('experiments.column.interval'), numeric: true, cell: (row) => (row.relativeConfidenceInterval === null ? '–' : `${numbers.signed(row.relativeConfidenceInterval[0])} … ${numbers.signed(row.relativeConfidenceInterval[1])}`) },
          { id: 'p', header: t('experiments.column.p'), numeric: true, cell: (row) => numbers.p(row.adjustedPValue ?? row.pValue) },
          { id: 'always', header: t('experiments.column.alwaysValid'), numeric: true, cell: (row) => numbers.p(row.adjustedAlwaysValidPValue ?? row.alwaysValidPValue) },
          { id: 'chance', header: t('experiments.column.chance'), numeric: true, cell: (row) => (row.chanceToBeat === null ? '–' : numbers.percent(row.chanceToBeat, 1)) },
          { id: 'note', header: t('experiments.column.note'), cell: (row) => <span className="tiny soft note">{row.reason === undefined ? '' : t.maybe(`experiments.reason.${row.reason}`, row.reason)}</span> },
        ]}
      />
    </details>
  );
}

const guardLooks = { pass: 'good', fail: 'bad', inconclusive: '' } as const;

/** Guardrails and safety metrics: what must not get worse. */
export function GuardCard({ experiment, results, metrics }: Shown) {
  const t = useT();
  const numbers = useNumbers();
  const guards = results.comparisons.filter(({ guard }) => guard !== undefined);
  return (
    <section className="card stack tight" aria-label={t('experiments.guards')}>
      <h2>{t('experiments.guards')}</h2>
      {guards.length === 0 ? <p className="small soft">{t('experiments.noGuards')}</p> : (
        <ul className="stack tight small">
          {guards.map((row) => (
            <li key={`${row.metric} ${row.variantId}`} className="row between top">
              <span>{metrics.name(row.metric)} <span className="faint">· {variantName(experiment, row.variantId)} {numbers.signed(row.relativeEffect)}</span></span>
              <span className={`badge ${guardLooks[row.guard!.status]}`}>{t(`experiments.guard.${row.guard!.status}`)}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** One metric by one attribute. */
function SegmentCut({ experiment, cut, label }: { experiment: Shown['experiment']; cut: SegmentMetric; label: string }) {
  const t = useT();
  const numbers = useNumbers();
  return (
    <>
      {cut.interactions.map(({ variantId, hint }) => <p key={variantId} className="small soft">{variantName(experiment, variantId)}: {hint}</p>)}
      <Table
        label={label} rows={cut.comparisons} rowKey={(row) => `${row.value} ${row.variantId}`}
        columns={[
          { id: 'value', header: t('experiments.column.value'), cell: (row) => row.value }, { id: 'variant', header: t('experiments.column.variant'), cell: (row) => variantName(experiment, row.variantId) },
          { id: 'subjects', header: t('experiments.column.subjects'), numeric: true, cell: (row) => numbers.number(row.controlSubjects + row.treatmentSubjects) },
          { id: 'effect', header: t('experiments.column.effect'), numeric: true, cell: (row) => numbers.signed(row.relativeEffect) }, { id: 'p', header: t('experiments.column.p'), numeric: true, cell: (row) => numbers.p(row.adjustedPValue) },
        ]}
      />
    </>
  );
}

/** Cuts by an attribute: for finding questions, not for answering them. */
export function SegmentCards({ experiment, results, metrics }: Shown) {
  const t = useT();
  if (results.segments === undefined || results.segments.length === 0) return null;
  return (
    <section className="stack" aria-label={t('experiments.segments')}>
      <h2>{t('experiments.segments')} <span className="badge outline">{t('experiments.exploratory')}</span></h2>
      {results.segments.map((segment) => (
        <div key={segment.attribute} className="stack tight">
          <h3><code>{segment.attribute}</code></h3>
          <SegmentCut experiment={experiment} cut={segment} label={segment.attribute} />
          {segment.others?.map((other) => (
            <details key={other.metric}>
              <summary className="small">{metrics.name(other.metric)}</summary>
              <SegmentCut experiment={experiment} cut={other} label={`${segment.attribute}, ${metrics.name(other.metric)}`} />
            </details>
          ))}
        </div>
      ))}
    </section>
  );
}

/** Main effects and interactions, and a bandit's arms. */
export function FactorialCards({ experiment, results, metrics }: Shown) {
  const t = useT();
  const numbers = useNumbers();
  return (
    <>
      {results.factorial?.map((factorial) => (
        <section key={factorial.metric} className="stack tight" aria-label={t('experiments.factorial')}>
          <h2>{t('experiments.factorial')}: {metrics.name(factorial.metric)}</h2>
          {factorial.interacting && <Notice look="warn">{t('experiments.interacting')}</Notice>}
          <Table
            label={t('experiments.factorial')} rows={factorial.effects} rowKey={(row) => row.name}
            columns={[
              { id: 'name', header: t('common.name'), cell: (row) => row.name }, { id: 'estimate', header: t('experiments.column.effect'), numeric: true, cell: (row) => numbers.level(row.estimate) },
              { id: 'p', header: t('experiments.column.p'), numeric: true, cell: (row) => numbers.p(row.adjustedPValue ?? row.pValue) },
            ]}
          />
        </section>
      ))}
      {results.bandit !== undefined && (
        <section className="stack tight" aria-label={t('experiments.bandit')}>
          <h2>{t('experiments.bandit')}</h2>
          <Table
            label={t('experiments.bandit')} rows={results.bandit.arms} rowKey={(row) => row.variantId}
            columns={[
              { id: 'variant', header: t('experiments.column.variant'), cell: (row) => variantName(experiment, row.variantId) }, { id: 'subjects', header: t('experiments.column.subjects'), numeric: true, cell: (row) => numbers.number(row.sampleSize) },
              { id: 'best', header: t('experiments.column.chance'), numeric: true, cell: (row) => (row.probabilityBest === null ? '–' : numbers.percent(row.probabilityBest, 1)) },
              { id: 'weight', header: t('experiments.weight'), numeric: true, cell: (row) => (row.suggestedWeight === null ? '–' : numbers.percent(row.suggestedWeight, 1)) },
            ]}
          />
        </section>
      )}
    </>
  );
}

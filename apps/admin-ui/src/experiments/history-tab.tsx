import type { DecisionRecord } from '@pataka/contracts';
import { useQuery } from '@tanstack/react-query';
import type { AuditEvent } from '../api/live-updates';
import { useSession } from '../api/session';
import { useFormats } from '../i18n/format';
import { useLocale, useT } from '../i18n/intl';
import { Loaded } from '../ui/states';
import { Table } from '../ui/table';
import { Time } from '../ui/time';
import { experimentHistoryQuery, type ListedExperiment, variantName } from './queries';

/** What they do by themselves says why in its details. */
const services: ReadonlySet<string> = new Set(['experiment-orchestrator', 'experiment-flag-link']);

interface Told { percentage?: number; winnerVariantId?: string; nextStepAt?: string | null; sentence?: DecisionRecord['sentence'] }

/** What an event came to, in words; all of it is there for whoever wants it. */
function Outcome({ event, experiment }: { event: AuditEvent; experiment: ListedExperiment }) {
  const t = useT();
  const formats = useFormats();
  const hindi = useLocale() === 'hi';
  const { percentage, winnerVariantId, nextStepAt, sentence } = event.data as Told;
  const said = [
    sentence === undefined ? null : hindi ? sentence.hi : sentence.en,
    sentence !== undefined || percentage === undefined ? null : formats.percent(percentage / 100, 1),
    winnerVariantId === undefined ? null : t('experiments.winnerIs', { variant: variantName(experiment, winnerVariantId) }),
    nextStepAt === undefined || nextStepAt === null ? null : t('experiments.nextStepAt', { at: formats.dateTime(nextStepAt) }),
  ].filter((part) => part !== null);
  return (
    <div className="stack tight">
      {said.map((part) => <span key={part}>{part}</span>)}
      <details><summary className="small">{t('experiments.show')}</summary><pre className="tiny">{JSON.stringify(event.data, null, 1)}</pre></details>
    </div>
  );
}

/** Everything that happened to the experiment, by whom and why, newest first. */
export function HistoryTab({ experiment }: { experiment: ListedExperiment }) {
  const t = useT();
  const session = useSession();
  const query = useQuery(experimentHistoryQuery(experiment.id));
  const who = (actor: string): string => (session !== undefined && 'subject' in session && session.subject === actor ? session.name ?? actor : t.maybe(`experiments.actor.${actor}`, actor));
  return (
    <Loaded query={query}>{(events) => (
      <Table
        label={t('experiments.tab.history')} rows={[...events].reverse()} rowKey={(row) => row.id}
        columns={[
          { id: 'at', header: t('experiments.column.when'), cell: (row) => <Time at={row.at} /> }, { id: 'what', header: t('experiments.column.what'), cell: (row) => <span className="strong">{t.maybe(`experiments.event.${row.type.replace('experiment.', '')}`, row.type)}</span> },
          { id: 'data', header: t('experiments.column.details'), cell: (row) => <Outcome event={row} experiment={experiment} /> },
          { id: 'who', header: t('experiments.column.who'), cell: (row) => who(row.actor) }, { id: 'why', header: t('common.reason'), cell: (row) => <span className="soft">{services.has(row.actor) ? '' : row.reason ?? ''}</span> },
        ]}
      />
    )}</Loaded>
  );
}

import { useMemo, useState } from 'react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Flag } from '@pataka/contracts';
import { at, getAll } from '../api/client';
import { keys } from '../api/keys';
import { useMay } from '../api/session';
import { useT } from '../i18n/intl';
import { Button } from '../ui/button';
import { DiffView } from '../ui/diff-view';
import { Dialog } from '../ui/dialog';
import { TextField } from '../ui/fields';
import { ErrorNotice, Loaded, Notice } from '../ui/states';
import { Time } from '../ui/time';
import { toast } from '../ui/toast';
import { flagChanges } from './flag-store';
import { foldHistory, type FlagHistoryEvent, type HistoryEntry, restoreSteps, type RestoreStep } from './history';

const SHOWN_AT_FIRST = 20;

const run = (client: ReturnType<typeof useQueryClient>, flag: Flag, step: RestoreStep, reason: string): Promise<Flag> => {
  const changes = flagChanges(client);
  switch (step.kind) {
    case 'patch': return changes.patch(flag, step.body as Partial<Flag>, reason);
    case 'environment': return changes.setEnvironment(flag, step.environment, step.settings, reason);
    case 'activate': return changes.activate(flag, reason);
    case 'deactivate': return changes.deactivate(flag, reason);
  }
};

function Restore({ flag, entry, onClose }: { flag: Flag; entry: HistoryEntry; onClose: () => void }) {
  const t = useT();
  const client = useQueryClient();
  const [reason, setReason] = useState(t('flags.history.restoreReason', { version: entry.event.version }));
  const steps = restoreSteps(flag, entry.after);
  const restore = useMutation({
    mutationFn: async () => {
      let now = flag;
      for (const step of steps) now = await run(client, now, step, reason);
    },
    onSuccess: () => { toast(t('flags.history.restored', { version: entry.event.version })); onClose(); },
  });
  const { key: _key, name, description, tags, owner, type, status, defaultValue, defaultVariant, metadata, clientVisible, prerequisites, environments } = flag;
  return (
    <Dialog wide open onClose={onClose} title={t('flags.history.restoreTitle', { version: entry.event.version })} footer={<><Button onPress={onClose}>{t('common.cancel')}</Button><Button look="primary" isDisabled={steps.length === 0} pending={restore.isPending} onPress={() => restore.mutate()}>{t('flags.history.restore')}</Button></>}>
      <p className="soft">{t('flags.history.restoreWhat')}</p>
      <DiffView before={{ name, description, tags, owner, type, status, defaultValue, defaultVariant, metadata, clientVisible, prerequisites, environments }} after={{ ...entry.after, key: undefined, experimentId: undefined }} />
      <TextField label={t('common.reason')} value={reason} onChange={setReason} maxLength={300} />
      {restore.isError && <ErrorNotice error={restore.error} />}
    </Dialog>
  );
}

function Entry({ entry, newest, may, onRestore }: { entry: HistoryEntry; newest: boolean; may: boolean; onRestore: () => void }) {
  const t = useT();
  const { event } = entry;
  return (
    <li className="card stack tight">
      <div className="row between wrap">
        <div className="row wrap"><strong>{t.maybe(`flags.event.${event.type.replace('flag.', '')}`, event.type, { environment: String(event.data['environment'] ?? '') })}</strong><span className="badge">{t('common.version', { version: event.version })}</span></div>
        <Time at={event.at} />
      </div>
      <div className="small soft row wrap"><span>{t('common.by', { name: event.actor })}</span>{event.reason !== undefined && <q className="break">{event.reason}</q>}</div>
      <details><summary className="small">{t('flags.history.show')}</summary><div className="stack tight padded"><DiffView before={entry.before ?? undefined} after={entry.after} />{event.causationId !== undefined && <span className="tiny faint break">{t('flags.history.cause', { id: event.causationId })}</span>}</div></details>
      {may && !newest && <div><Button small icon="replay" onPress={onRestore}>{t('flags.history.restore')}</Button></div>}
    </li>
  );
}

/** Every change with who, when, why and what; any version can be had back, as new changes. */
export function HistoryTab({ flag }: { flag: Flag }) {
  const t = useT();
  const may = useMay('manage') && flag.status !== 'ARCHIVED';
  const [count, setCount] = useState(SHOWN_AT_FIRST);
  const [chosen, setChosen] = useState<HistoryEntry | null>(null);
  const query = useQuery({ queryKey: keys.flagHistory(flag.key), queryFn: ({ signal }) => getAll<FlagHistoryEvent>(at`/api/flags/${flag.key}/history`, { signal }) });
  const entries = useMemo(() => foldHistory(query.data ?? []).reverse(), [query.data]);
  return (
    <Loaded query={query}>{() => (
      <div className="stack">
        <Notice>{t('flags.history.lead')}</Notice>
        <ol className="stack tight">{entries.slice(0, count).map((entry, index) => <Entry key={entry.event.id} entry={entry} newest={index === 0} may={may} onRestore={() => setChosen(entry)} />)}</ol>
        {entries.length > count && <div><Button onPress={() => setCount(count + SHOWN_AT_FIRST)}>{t('common.more')}</Button></div>}
        {chosen !== null && <Restore flag={flag} entry={chosen} onClose={() => setChosen(null)} />}
      </div>
    )}</Loaded>
  );
}

import { useMemo, useState } from 'react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { Fault, Flag, FlagEnvironment, JsonObject } from '@pataka/contracts';
import { at, isApiError, request } from '../api/client';
import { flagChanges, keepFlag } from '../flags/flag-store';
import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import { Button } from '../ui/button';
import { DiffView } from '../ui/diff-view';
import { Dialog } from '../ui/dialog';
import { TextArea, TextField } from '../ui/fields';
import { ErrorNotice, Notice } from '../ui/states';
import { toast } from '../ui/toast';
import { whatIf, type WhatIf, type World } from './preview';
import { contextsOf } from './sample';

interface ReviewProps {
  flag: Flag; base: FlagEnvironment; behind: boolean; draft: Flag; environment: string; world: World; contexts: readonly JsonObject[];
  onClose: () => void; onSaved: (flag: Flag) => void; onTakeTheirs: (flag: Flag) => void; onRefused: (faults: readonly Fault[]) => void;
}

function Moves({ found, source }: { found: WhatIf; source: string }) {
  const t = useT();
  const formats = useFormats();
  return (
    <div className="stack tight">
      <Notice look={found.moved === 0 ? 'good' : 'info'} icon="users">{t('targeting.whatIf.moved', { count: found.moved, moved: formats.number(found.moved), size: formats.number(found.size), share: formats.percent(found.moved / Math.max(1, found.size)), source })}</Notice>
      {found.moves.length > 0 && <ul className="small stack tight">{found.moves.slice(0, 8).map(({ from, to, count, example }) => <li key={`${from} ${to}`} className="break">{t.rich('targeting.whatIf.move', { count: formats.number(count), from: <code>{from}</code>, to: <code>{to}</code>, example: <span className="key">{example}</span> })}</li>)}</ul>}
      {found.failed > 0 && <span className="small faint">{t('targeting.sample.failed', { count: found.failed })}</span>}
    </div>
  );
}

/** Over made-up people, or over contexts that were pasted from a log. */
function WhatIfCount({ flag, draft, environment, world, contexts }: Pick<ReviewProps, 'flag' | 'draft' | 'environment' | 'world' | 'contexts'>) {
  const t = useT();
  const [text, setText] = useState('');
  const pasted = useMemo(() => (text.trim() === '' ? null : contextsOf(text)), [text]);
  const asked = pasted === null ? contexts : pasted.contexts;
  const found = useMemo(() => whatIf(world, { saved: flag, draft }, environment, asked, Date.now()), [world, flag, draft, environment, asked]);
  return (
    <section className="stack tight">
      <h3>{t('targeting.whatIf.title')}</h3>
      {pasted?.fault !== undefined && pasted.fault !== null ? <Notice look="bad">{t('targeting.whatIf.fault', { line: pasted.fault })}</Notice> : <Moves found={found} source={t(pasted === null ? 'targeting.whatIf.sample' : 'targeting.whatIf.pasted')} />}
      <details><summary className="small">{t('targeting.whatIf.paste')}</summary><TextArea label={t('targeting.whatIf.contexts')} code rows={4} value={text} onChange={setText} hint={t('targeting.whatIf.pasteHint')} /></details>
    </section>
  );
}

/** Somebody saved first: both versions against what one had begun from, and the choice. */
function Conflict({ base, theirs, mine, who, onTheirs, onMine, pending }: { base: FlagEnvironment; theirs: FlagEnvironment; mine: FlagEnvironment; who: string; onTheirs: () => void; onMine: () => void; pending: boolean }) {
  const t = useT();
  return (
    <div className="stack" role="alert">
      <Notice look="warn">{t('targeting.conflict.what', { who })}</Notice>
      <div className="columns even">
        <section className="stack tight"><h3>{t('targeting.conflict.theirs')}</h3><DiffView before={base} after={theirs} label={t('targeting.conflict.theirs')} /></section>
        <section className="stack tight"><h3>{t('targeting.conflict.mine')}</h3><DiffView before={base} after={mine} label={t('targeting.conflict.mine')} /></section>
      </div>
      <div className="row wrap end"><Button onPress={onTheirs}>{t('targeting.conflict.takeTheirs')}</Button><Button look="danger" pending={pending} onPress={onMine}>{t('targeting.conflict.saveMine')}</Button></div>
    </div>
  );
}

/** What changes, who would get something else, and why it is done; then it is saved. */
export function ReviewDialog({ flag: current, base, behind, draft, environment, world, contexts, onClose, onSaved, onTakeTheirs, onRefused }: ReviewProps) {
  const t = useT();
  const client = useQueryClient();
  const formats = useFormats();
  const [reason, setReason] = useState('');
  // As it was when this was opened: what somebody saves meanwhile has to come back as a conflict.
  const [flag] = useState(current);
  const [theirs, setTheirs] = useState<Flag | null>(behind ? current : null);
  const settings = draft.environments[environment]!;
  const save = useMutation({
    mutationFn: (onto: Flag) => flagChanges(client).setEnvironment(onto, environment, settings, reason),
    onSuccess: (now) => { toast(t('targeting.saved', { flag: now.name ?? now.key, environment })); onSaved(now); },
    onError: async (error, onto) => {
      if (isApiError(error, 'version-conflict')) {
        const { data } = await request<Flag>('GET', at`/api/flags/${onto.key}`);
        keepFlag(client, data);
        setTheirs(data);
      } else if (isApiError(error, 'validation') && error.faults.some(({ pointer }) => pointer.startsWith('/rules/'))) onRefused(error.faults);
    },
  });
  return (
    <Dialog wide open onClose={onClose} title={t('targeting.review.title', { flag: flag.name ?? flag.key, environment })} footer={theirs === null ? <><Button onPress={onClose}>{t('common.cancel')}</Button><Button look="primary" pending={save.isPending} onPress={() => save.mutate(flag)}>{t('common.save')}</Button></> : undefined}>
      {theirs === null ? <>
        <section className="stack tight"><h3>{t('common.difference')}</h3><DiffView before={{ rules: flag.environments[environment]?.rules ?? [] }} after={{ rules: settings.rules }} /></section>
        <WhatIfCount flag={flag} draft={draft} environment={environment} world={world} contexts={contexts} />
        <TextField label={t('common.reason')} hint={t('common.reasonHint')} optional value={reason} onChange={setReason} maxLength={300} />
        {save.isError && !isApiError(save.error, 'version-conflict') && <ErrorNotice error={save.error} />}
      </> : <Conflict base={base} theirs={theirs.environments[environment] ?? { enabled: false, rules: [] }} mine={settings} who={theirs.updatedAt === undefined ? '' : formats.dateTime(theirs.updatedAt)} onTheirs={() => onTakeTheirs(theirs)} onMine={() => save.mutate(theirs)} pending={save.isPending} />}
    </Dialog>
  );
}

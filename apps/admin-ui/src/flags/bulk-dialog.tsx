import { useMemo, useRef, useState } from 'react';
import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import type { Environment, Flag } from '@pataka/contracts';
import { keys } from '../api/keys';
import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Select, TextField } from '../ui/fields';
import { Notice } from '../ui/states';
import { type BulkAction, type BulkOutcome, type BulkPlan, inUse, planOf, runBulk } from './bulk';
import { BulkResults } from './bulk-results';
import { tagsOf } from './flag-list';
import { flagChanges, renewFlags, useFlags } from './flag-store';

const AT_ONCE = 4;
const MOST = 500;
const NAMED = 12;
const LONGEST_TAG = 64;

const workOf = (client: QueryClient, action: BulkAction, reason: string) => (flag: Flag): Promise<Flag> => {
  const changes = flagChanges(client);
  // As it is now: somebody, or the try before, may have changed it since it was chosen.
  const now = client.getQueryData<Flag[]>(keys.flags)?.find(({ key }) => key === flag.key) ?? flag;
  switch (action.kind) {
    case 'addTag': return changes.patch(now, { tags: [...new Set([...(now.tags ?? []), action.tag])] }, reason);
    case 'removeTag': return changes.patch(now, { tags: (now.tags ?? []).filter((tag) => tag !== action.tag) }, reason);
    case 'turnOff': return changes.setEnvironment(now, action.environment, { rules: [], ...now.environments[action.environment], enabled: false }, reason);
    case 'archive': return changes.archive(now, reason);
  }
};

function Names({ flags }: { flags: readonly Flag[] }) {
  const t = useT();
  return <span className="break"><span className="key">{flags.slice(0, NAMED).map(({ key }) => key).join(', ')}</span>{flags.length > NAMED && ` ${t('flags.bulk.more', { count: flags.length - NAMED })}`}</span>;
}

/** What will come of it, flag by flag where that matters. */
function Consequences({ plan, action }: { plan: BulkPlan; action: BulkAction }) {
  const t = useT();
  const used = action.kind === 'turnOff' || action.kind === 'archive' ? inUse(plan.todo, Date.now()) : [];
  return (
    <div className="stack tight" role="status">
      <p><strong>{t(`flags.bulk.${action.kind}.what`, { count: plan.todo.length, ...(action.kind === 'turnOff' ? { environment: action.environment } : 'tag' in action ? { tag: action.tag } : {}) })}</strong> {plan.todo.length > 0 && <Names flags={plan.todo} />}</p>
      {used.length > 0 && <Notice look="warn">{t('flags.bulk.inUse', { count: used.length })} <Names flags={used} /></Notice>}
      {plan.already.length > 0 && <p className="small soft">{t('flags.bulk.already', { count: plan.already.length })}</p>}
      {plan.blocked.length > 0 && <Notice look="info">{t('flags.bulk.blocked', { count: plan.blocked.length })}<ul>{plan.blocked.slice(0, NAMED).map(({ flag, by, names }) => <li key={flag.key} className="break"><code>{flag.key}</code> {t(`flags.bulk.blocked.${by}`, { names: names.slice(0, NAMED).join(', ') })}</li>)}</ul></Notice>}
      {plan.todo.length > MOST && <Notice look="bad">{t('flags.bulk.tooMany', { most: MOST })}</Notice>}
    </div>
  );
}

const useBulkRun = () => {
  const client = useQueryClient();
  const stop = useRef(new AbortController());
  const [outcomes, setOutcomes] = useState<readonly BulkOutcome[]>([]);
  const [state, setState] = useState<'asking' | 'running' | 'done'>('asking');
  const run = async (flags: readonly Flag[], action: BulkAction, reason: string): Promise<void> => {
    stop.current = new AbortController();
    setOutcomes((before) => before.filter(({ error }) => error === null));
    setState('running');
    await runBulk(flags, workOf(client, action, reason), { atOnce: AT_ONCE, signal: stop.current.signal, onDone: (outcome) => setOutcomes((now) => [...now, outcome]) });
    setState('done');
  };
  /** What failed, once more, from how it is now. */
  const retry = async (action: BulkAction, reason: string): Promise<void> => {
    const failed = outcomes.filter(({ error }) => error !== null).map(({ flag }) => flag);
    await renewFlags(client, failed);
    await run(failed, action, reason);
  };
  return { outcomes, state, run, retry, stop: () => stop.current.abort() };
};

interface Draft { tag: string; environment: string; reason: string; typed: string }
const actionOf = (kind: BulkAction['kind'], { tag, environment }: Draft): BulkAction => (kind === 'archive' ? { kind } : kind === 'turnOff' ? { kind, environment } : { kind, tag: tag.trim() });
const isNamed = (action: BulkAction): boolean => !('tag' in action) || action.tag !== '';
/** Archiving is final, so how many has to be typed. */
const isReady = (action: BulkAction, { todo }: BulkPlan, { typed }: Draft): boolean =>
  todo.length > 0 && todo.length <= MOST && isNamed(action) && (action.kind !== 'archive' || typed === String(todo.length));

/** Which tag, or where. */
function What({ kind, draft, onChange, chosen, environments }: { kind: BulkAction['kind']; draft: Draft; onChange: (part: Partial<Draft>) => void; chosen: readonly Flag[]; environments: readonly Environment[] }) {
  const t = useT();
  if (kind === 'archive') return null;
  if (kind === 'addTag') return <TextField label={t('flags.filter.tag')} value={draft.tag} onChange={(tag) => onChange({ tag })} maxLength={LONGEST_TAG} autoFocus />;
  if (kind === 'turnOff') return <Select label={t('flags.bulk.environment')} value={draft.environment} onChange={(environment) => onChange({ environment })} options={environments.map(({ key, name }) => ({ value: key, label: name }))} />;
  const tags = tagsOf(chosen);
  return tags.length === 0 ? <Notice>{t('flags.bulk.noTags')}</Notice> : <Select label={t('flags.filter.tag')} value={draft.tag} onChange={(tag) => onChange({ tag })} options={tags.map(({ tag, count }) => ({ value: tag, label: `${tag} (${count})` }))} />;
}

/** Asks what and why, says what will come of it, does it, and tells how it went for each. */
export function BulkDialog({ kind, chosen, environments, onClose }: { kind: BulkAction['kind']; chosen: readonly Flag[]; environments: readonly Environment[]; onClose: (changed: boolean) => void }) {
  const t = useT();
  const formats = useFormats();
  const { flags } = useFlags();
  const [draft, setDraft] = useState<Draft>({ tag: kind === 'removeTag' ? tagsOf(chosen)[0]?.tag ?? '' : '', environment: environments[0]?.key ?? 'production', reason: '', typed: '' });
  const change = (part: Partial<Draft>): void => setDraft((now) => ({ ...now, ...part }));
  const { outcomes, state, run, retry, stop } = useBulkRun();
  const action = actionOf(kind, draft);
  const plan = useMemo(() => planOf(chosen, actionOf(kind, draft), flags), [chosen, kind, draft, flags]);
  const close = (): void => { stop(); onClose(outcomes.some(({ error }) => error === null)); };
  if (state !== 'asking') return <BulkResults title={t(`flags.bulk.${kind}`)} outcomes={outcomes} running={state === 'running'} onStop={stop} onRetry={() => void retry(action, draft.reason)} onClose={close} />;
  return (
    <Dialog title={t('flags.bulk.title', { what: t(`flags.bulk.${kind}`), count: chosen.length, countText: formats.number(chosen.length) })} open alert onClose={close} footer={<>
      <Button onPress={close}>{t('common.cancel')}</Button>
      <Button look={kind === 'archive' || kind === 'turnOff' ? 'danger' : 'primary'} isDisabled={!isReady(action, plan, draft)} onPress={() => void run(plan.todo, action, draft.reason)}>{t('flags.bulk.do', { what: t(`flags.bulk.${kind}`), count: plan.todo.length })}</Button>
    </>}>
      <What kind={kind} draft={draft} onChange={change} chosen={chosen} environments={environments} />
      {isNamed(action) && <Consequences plan={plan} action={action} />}
      <TextField label={t('common.reason')} hint={t('common.reasonHint')} optional value={draft.reason} onChange={(reason) => change({ reason })} maxLength={300} />
      {kind === 'archive' && plan.todo.length > 0 && <TextField label={t('common.typeToConfirm', { text: plan.todo.length })} code inputMode="numeric" value={draft.typed} onChange={(typed) => change({ typed })} />}
    </Dialog>
  );
}

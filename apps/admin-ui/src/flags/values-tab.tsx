import { useState } from 'react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { Flag } from '@pataka/contracts';
import { isApiError } from '../api/client';
import { useMay } from '../api/session';
import { useT } from '../i18n/intl';
import { FlagValueField } from '../targeting/flag-value-field';
import { startingText, valueFromText } from '../targeting/value-text';
import { Button, IconButton } from '../ui/button';
import { Combo, Tokens } from '../ui/combo';
import { DiffView } from '../ui/diff-view';
import { Dialog } from '../ui/dialog';
import { Checkbox, TextArea, TextField } from '../ui/fields';
import { ErrorNotice, Notice } from '../ui/states';
import { toast } from '../ui/toast';
import { tagsOf } from './flag-list';
import { flagChanges, useFlags } from './flag-store';
import { metadataOf, patchOf, type ValuesDraft, valuesDraftOf } from './values-draft';

function Prerequisites({ flag, draft, onChange, disabled }: { flag: Flag; draft: ValuesDraft; onChange: (prerequisites: ValuesDraft['prerequisites']) => void; disabled: boolean }) {
  const t = useT();
  const { flags } = useFlags();
  const options = flags.filter(({ key, status }) => key !== flag.key && status !== 'ARCHIVED').map(({ key, name }) => ({ id: key, label: key, ...(name === undefined ? {} : { detail: name }) }));
  const typeOf = (key: string) => flags.find((one) => one.key === key)?.type ?? 'STRING';
  return (
    <section className="card stack">
      <div><h2>{t('flags.prerequisites')}</h2><p className="small soft">{t('flags.prerequisitesHint')}</p></div>
      {draft.prerequisites.map((one, index) => (
        <div className="prerequisite" key={one.uid}>
          <div className="field"><span className="label">{t('flags.title')}</span><Combo label={t('flags.title')} code value={one.flag} disabled={disabled} onChange={(key) => onChange(draft.prerequisites.with(index, { ...one, flag: key, value: startingText[typeOf(key)] }))} options={options} /></div>
          <FlagValueField label={t('flags.hasToBe')} type={typeOf(one.flag)} value={one.value} disabled={disabled} onChange={(value) => onChange(draft.prerequisites.with(index, { ...one, value }))} />
          {!disabled && <IconButton label={t('common.removeValue', { value: one.flag })} icon="trash" onPress={() => onChange(draft.prerequisites.filter(({ uid }) => uid !== one.uid))} />}
        </div>
      ))}
      {!disabled && <div><Button small look="ghost" icon="plus" onPress={() => onChange([...draft.prerequisites, { uid: `p${Date.now()}`, flag: '', value: 'true' }])}>{t('flags.addPrerequisite')}</Button></div>}
    </section>
  );
}

function Review({ flag, patch, onClose, onSaved }: { flag: Flag; patch: Partial<Flag>; onClose: () => void; onSaved: (flag: Flag) => void }) {
  const t = useT();
  const client = useQueryClient();
  const [onto] = useState(flag);
  const [reason, setReason] = useState('');
  const save = useMutation({ mutationFn: (target: Flag) => flagChanges(client).patch(target, patch, reason), onSuccess: (now) => { toast(t('common.saved')); onSaved(now); } });
  const before = Object.fromEntries(Object.keys(patch).map((name) => [name, flag[name as keyof Flag]]));
  const conflict = isApiError(save.error, 'version-conflict') || flag.version !== onto.version;
  return (
    <Dialog wide open onClose={onClose} title={t('flags.reviewTitle', { flag: flag.name ?? flag.key })} footer={<><Button onPress={onClose}>{t('common.cancel')}</Button><Button look={conflict ? 'danger' : 'primary'} pending={save.isPending} onPress={() => save.mutate(conflict ? flag : onto)}>{t(conflict ? 'targeting.conflict.saveMine' : 'common.save')}</Button></>}>
      {conflict && <Notice look="warn">{t('flags.conflict')}</Notice>}
      <DiffView before={before} after={patch} />
      <TextField label={t('common.reason')} hint={t('common.reasonHint')} optional value={reason} onChange={setReason} maxLength={300} />
      {save.isError && !isApiError(save.error, 'version-conflict') && <ErrorNotice error={save.error} />}
    </Dialog>
  );
}

/** What a flag is, beside its rules. */
export function ValuesTab({ flag }: { flag: Flag }) {
  const t = useT();
  const disabled = !useMay('manage') || flag.status === 'ARCHIVED';
  const { flags } = useFlags();
  const [draft, setDraft] = useState(() => valuesDraftOf(flag));
  const [review, setReview] = useState(false);
  const set = (part: Partial<ValuesDraft>): void => setDraft({ ...draft, ...part });
  const patch = patchOf(flag, draft, (key) => flags.find((one) => one.key === key)?.type);
  const valueFault = valueFromText(draft.defaultValue, flag.type) === undefined ? t(`targeting.fault.value.${flag.type}`) : undefined;
  const metadataFault = metadataOf(draft.metadata) === undefined ? t('flags.metadataFault') : undefined;
  const dirty = Object.keys(patch).length > 0 || valueFault !== undefined || metadataFault !== undefined;
  return (
    <div className="stack narrow">
      <section className="card stack">
        <h2>{t('flags.about')}</h2>
        <div className="grid-2"><TextField label={t('common.name')} value={draft.name} disabled={disabled} onChange={(name) => set({ name })} maxLength={256} /><TextField label={t('flags.owner')} value={draft.owner} disabled={disabled} onChange={(owner) => set({ owner })} maxLength={256} hint={t('flags.ownerHint')} /></div>
        <TextArea label={t('common.description')} optional value={draft.description} disabled={disabled} onChange={(description) => set({ description })} maxLength={4000} />
        <div className="field"><span className="label">{t('flags.tags')}</span><Tokens label={t('flags.tags')} values={draft.tags} disabled={disabled} onChange={(tags) => set({ tags })} options={tagsOf(flags).map(({ tag }) => ({ id: tag, label: tag }))} /></div>
      </section>
      <section className="card stack">
        <h2>{t('flags.defaults')}</h2><p className="small soft">{t('flags.defaultsHint')}</p>
        <div className="grid-2"><FlagValueField label={t('flags.defaultValue')} type={flag.type} value={draft.defaultValue} disabled={disabled} onChange={(defaultValue) => set({ defaultValue })} fault={valueFault} /><TextField label={t('flags.defaultVariant')} optional value={draft.defaultVariant} disabled={disabled} onChange={(defaultVariant) => set({ defaultVariant })} maxLength={128} /></div>
        <Checkbox label={t('flags.clientVisible')} hint={t('flags.clientVisibleHint')} checked={draft.clientVisible} disabled={disabled} onChange={(clientVisible) => set({ clientVisible })} />
        <TextArea label={t('flags.metadata')} code rows={4} value={draft.metadata} disabled={disabled} onChange={(metadata) => set({ metadata })} hint={t('flags.metadataHint')} fault={metadataFault} />
      </section>
      <Prerequisites flag={flag} draft={draft} disabled={disabled} onChange={(prerequisites) => set({ prerequisites })} />
      {dirty && !disabled && (
        <div className="sticky-bar" role="region" aria-label={t('targeting.unsaved')}><span className="small">{t('targeting.unsaved')}</span><div className="row"><Button onPress={() => setDraft(valuesDraftOf(flag))}>{t('targeting.discard')}</Button><Button look="primary" isDisabled={valueFault !== undefined || metadataFault !== undefined || draft.prerequisites.some((one) => one.flag === '')} onPress={() => setReview(true)}>{t('targeting.review')}</Button></div></div>
      )}
      {review && <Review flag={flag} patch={patch} onClose={() => setReview(false)} onSaved={(now) => { setReview(false); setDraft(valuesDraftOf(now)); }} />}
    </div>
  );
}

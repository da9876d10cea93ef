import { type FormEvent, useState } from 'react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { FlagType } from '@pataka/contracts';
import { useMay } from '../api/session';
import { useT } from '../i18n/intl';
import { FlagValueField } from '../targeting/flag-value-field';
import { startingText, valueFromText } from '../targeting/value-text';
import { Button } from '../ui/button';
import { Tokens } from '../ui/combo';
import { Segmented, TextArea, TextField } from '../ui/fields';
import { Page } from '../ui/page';
import { ErrorNotice, Notice } from '../ui/states';
import { toast } from '../ui/toast';
import { tagsOf } from './flag-list';
import { flagChanges, useFlags } from './flag-store';
import { shownTypes } from './list-search';

const KEY = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;

/** A key from a name, where the name can be one: Hindi names get a key of their own. */
export const keyFromName = (name: string): string => name.trim().toLowerCase().replace(/[^a-z0-9._-]+/g, '_').replace(/^[^a-z0-9]+|_+$/g, '').slice(0, 128);

export function NewFlagPage() {
  const t = useT();
  const may = useMay('manage');
  const navigate = useNavigate();
  const client = useQueryClient();
  const { flags } = useFlags();
  const [name, setName] = useState('');
  const [typedKey, setKey] = useState<string | null>(null);
  const [type, setType] = useState<FlagType>('BOOLEAN');
  const [value, setValue] = useState('false');
  const [description, setDescription] = useState('');
  const [owner, setOwner] = useState('');
  const [tags, setTags] = useState<string[]>([]);
  const key = typedKey ?? keyFromName(name);
  const taken = flags.find((flag) => flag.key.toLowerCase() === key.toLowerCase());
  const keyFault = key === '' ? undefined : !KEY.test(key) ? t('flags.keyFault') : taken !== undefined ? t('flags.keyTaken', { key: taken.key }) : undefined;
  const defaultValue = valueFromText(value, type);
  const create = useMutation({
    mutationFn: () => flagChanges(client).create({ key, type, defaultValue: defaultValue!, status: 'ACTIVE', ...(name === '' ? {} : { name }), ...(description === '' ? {} : { description }), ...(owner === '' ? {} : { owner }), ...(tags.length === 0 ? {} : { tags }) }),
    onSuccess: (flag) => { toast(t('flags.made', { flag: flag.name ?? flag.key })); void navigate({ to: '/flags/$key', params: { key: flag.key } }); },
  });
  const submit = (event: FormEvent): void => { event.preventDefault(); create.mutate(); };
  const chooseType = (next: FlagType): void => { setType(next); setValue(next === 'BOOLEAN' ? 'false' : startingText[next]); };
  return (
    <Page title={t('flags.new')} crumbs={[{ label: t('flags.title'), to: '/flags' }]} description={t('flags.newLead')}>
      {!may ? <Notice icon="eye">{t('common.readOnly')}</Notice> : (
        <form className="stack narrow" onSubmit={submit}>
          <div className="card stack">
            <div className="grid-2"><TextField label={t('common.name')} value={name} onChange={setName} maxLength={256} autoFocus hint={t('flags.nameHint')} /><TextField label={t('common.key')} code value={key} onChange={setKey} fault={keyFault} hint={t('flags.keyHint')} required /></div>
            <div className="field"><span className="label">{t('flags.column.type')}</span><div><Segmented label={t('flags.column.type')} value={type} onChange={chooseType} options={shownTypes.map((one) => ({ value: one, label: t(`flags.type.${one}`) }))} /></div><span className="hint">{t('flags.typeHint')}</span></div>
            <FlagValueField label={t('flags.defaultValue')} type={type} value={value} onChange={setValue} fault={defaultValue === undefined ? t(`targeting.fault.value.${type}`) : undefined} />
            <span className="hint">{t('flags.defaultsHint')}</span>
          </div>
          <div className="card stack">
            <TextArea label={t('common.description')} optional value={description} onChange={setDescription} maxLength={4000} />
            <div className="grid-2"><TextField label={t('flags.owner')} optional value={owner} onChange={setOwner} maxLength={256} hint={t('flags.ownerHint')} /><div className="field"><span className="label">{t('flags.tags')}</span><Tokens label={t('flags.tags')} values={tags} onChange={setTags} options={tagsOf(flags).map(({ tag }) => ({ id: tag, label: tag }))} /></div></div>
          </div>
          {create.isError && <ErrorNotice error={create.error} />}
          <div className="row"><Button type="submit" look="primary" pending={create.isPending} isDisabled={key === '' || keyFault !== undefined || defaultValue === undefined}>{t('flags.make')}</Button><span className="small soft">{t('flags.offAtFirst')}</span></div>
        </form>
      )}
    </Page>
  );
}

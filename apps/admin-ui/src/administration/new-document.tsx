import { type FormEvent, type ReactNode, useState } from 'react';
import type { QueryKey } from '@tanstack/react-query';
import { keyFrom } from '../experiments/wizard-draft';
import { useT } from '../i18n/intl';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { TextField } from '../ui/fields';
import { ErrorNotice } from '../ui/states';
import { useChange } from './mutations';

/** Key and name, with which everything else begins. */
export function NewDocument({ title, create, onMade, onClose, renew, children, ready = true }: { title: string; create: (body: { key: string; name?: string }) => Promise<string>; onMade: (key: string) => void; onClose: () => void; renew: QueryKey; children?: ReactNode; ready?: boolean }) {
  const t = useT();
  const [typed, setKey] = useState<string | null>(null);
  const [name, setName] = useState('');
  // Until somebody types a key, it follows the name.
  const key = typed ?? keyFrom(name);
  const made = useChange(create, { renew, onDone: (now) => { onClose(); onMade(now); } });
  const submit = (event: FormEvent): void => { event.preventDefault(); made.mutate({ key, ...(name === '' ? {} : { name }) }); };
  return (
    <Dialog title={title} open onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        <TextField label={t('common.name')} value={name} onChange={setName} autoFocus maxLength={256} />
        <TextField label={t('common.key')} code value={key} onChange={setKey} hint={t('administration.keyHint')} required maxLength={128} />
        {children}
        {made.isError && <ErrorNotice error={made.error} />}
        <div className="row end"><Button onPress={onClose}>{t('common.cancel')}</Button><Button type="submit" look="primary" pending={made.isPending} isDisabled={key === '' || !ready}>{t('common.create')}</Button></div>
      </form>
    </Dialog>
  );
}

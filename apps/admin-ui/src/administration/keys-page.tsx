import { type FormEvent, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import type { AccessKey, KeyKind, Role } from '@pataka/contracts';
import { environmentsQuery } from '../api/catalogue';
import { at, getAll, request } from '../api/client';
import { keys } from '../api/keys';
import { useMay } from '../api/session';
import { useT } from '../i18n/intl';
import { Button } from '../ui/button';
import { Confirm, Dialog } from '../ui/dialog';
import { Select, TextField } from '../ui/fields';
import { Page } from '../ui/page';
import { EmptyState, ErrorNotice, Loaded, Notice } from '../ui/states';
import { Table } from '../ui/table';
import { Time } from '../ui/time';
import { useChange } from './mutations';
import { SecretOnce } from './secret';

type ShownKey = Omit<AccessKey, 'hash'>;
const kinds: readonly KeyKind[] = ['server', 'client', 'management'];
const roles: readonly Role[] = ['viewer', 'fleet_manager', 'admin'];

function NewKey({ onClose, onMade }: { onClose: () => void; onMade: (token: string) => void }) {
  const t = useT();
  const environments = useQuery(environmentsQuery).data ?? [];
  const [name, setName] = useState('');
  const [kind, setKind] = useState<KeyKind>('server');
  const [environment, setEnvironment] = useState('production');
  const [role, setRole] = useState<Role>('viewer');
  const create = useChange(async () => (await request<ShownKey & { token?: string }>('POST', '/api/keys', { body: { name, kind, ...(kind === 'management' ? { role } : { environment }) } })).data, { renew: keys.accessKeys, onDone: (key) => { onClose(); if (key.token !== undefined) onMade(key.token); } });
  const submit = (event: FormEvent): void => { event.preventDefault(); create.mutate(undefined); };
  return (
    <Dialog title={t('administration.keys.new')} open onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        <TextField label={t('common.name')} value={name} onChange={setName} autoFocus required maxLength={256} hint={t('administration.keys.nameHint')} />
        <Select label={t('administration.keys.kind')} value={kind} onChange={setKind} options={kinds.map((value) => ({ value, label: t(`administration.keys.kind.${value}`) }))} hint={t(`administration.keys.kind.${kind}.hint`)} />
        {kind === 'management' ? <Select label={t('administration.role')} value={role} onChange={setRole} options={roles.map((value) => ({ value, label: t(`common.role.${value}`) }))} />
          : <Select label={t('administration.environment')} value={environment} onChange={setEnvironment} options={environments.map(({ key, name: label }) => ({ value: key, label }))} />}
        {create.isError && <ErrorNotice error={create.error} />}
        <div className="row end"><Button onPress={onClose}>{t('common.cancel')}</Button><Button type="submit" look="primary" pending={create.isPending} isDisabled={name === ''}>{t('common.create')}</Button></div>
      </form>
    </Dialog>
  );
}

export function KeysPage() {
  const t = useT();
  const may = useMay('administer');
  const query = useQuery({ queryKey: keys.accessKeys, queryFn: ({ signal }) => getAll<ShownKey>('/api/keys', { signal }), enabled: may });
  const [adding, setAdding] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  const [revoked, setRevoked] = useState<ShownKey | null>(null);
  const revoke = useChange((key: ShownKey) => request('DELETE', at`/api/keys/${key.id}`), { renew: keys.accessKeys, done: t('administration.keys.revokedDone'), onDone: () => setRevoked(null) });
  if (!may) return <Page title={t('common.nav.keys')}><Notice icon="lock">{t('administration.adminOnly')}</Notice></Page>;
  return (
    <Page title={t('common.nav.keys')} description={t('administration.keys.lead')} actions={<Button look="primary" icon="plus" onPress={() => setAdding(true)}>{t('administration.keys.new')}</Button>}>
      <Loaded query={query}>{(list) => (list.length === 0 ? <EmptyState icon="key" title={t('administration.keys.none')} /> : (
        <Table label={t('common.nav.keys')} rows={list} rowKey={({ id }) => id} columns={[
          { id: 'name', header: t('common.name'), cell: (key) => <div><span className="strong">{key.name}</span><div className="key tiny faint">{key.hint}…</div></div> },
          { id: 'kind', header: t('administration.keys.kind'), cell: (key) => t(`administration.keys.kind.${key.kind}`) },
          { id: 'scope', header: t('administration.keys.scope'), cell: (key) => (key.role === undefined ? key.environment : t(`common.role.${key.role}`)) },
          { id: 'state', header: t('administration.state'), cell: (key) => (key.revokedAt === undefined ? <span className="badge good">{t('administration.keys.live')}</span> : <span className="badge bad">{t('administration.keys.revoked')}</span>) },
          { id: 'made', header: t('administration.made'), cell: (key) => <span><Time at={key.createdAt} relative /> <span className="faint">{t('common.by', { name: key.createdBy })}</span></span> },
          { id: 'actions', header: t('common.actions'), hideHeader: true, cell: (key) => key.revokedAt === undefined && <Button small aria-label={t('administration.keys.revokeOne', { name: key.name })} onPress={() => setRevoked(key)}>{t('administration.keys.revoke')}</Button> },
        ]} />
      ))}</Loaded>
      {adding && <NewKey onClose={() => setAdding(false)} onMade={setSecret} />}
      {secret !== null && <SecretOnce title={t('administration.keys.made')} secret={secret} hint={t('administration.keys.use')} onClose={() => setSecret(null)} />}
      {revoked !== null && <Confirm open danger title={t('administration.keys.revokeOne', { name: revoked.name })} confirm={t('administration.keys.revoke')} typed={revoked.name} pending={revoke.isPending} error={revoke.error} onClose={() => setRevoked(null)} onConfirm={() => revoke.mutate(revoked)}><p>{t('administration.keys.revokeWhat')}</p></Confirm>}
    </Page>
  );
}

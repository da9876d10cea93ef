import { type FormEvent, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import type { Member, Role } from '@pataka/contracts';
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

interface Invitation { token: string; expiresAt: string }
const roles: readonly Role[] = ['viewer', 'fleet_manager', 'admin'];
/** In the fragment, which no browser sends along. */
const addressOf = ({ token }: Invitation): string => `${window.location.origin}/join#token=${encodeURIComponent(token)}`;

function MemberDialog({ member, onClose, onInvited }: { member: Member | null; onClose: () => void; onInvited: (invitation: Invitation) => void }) {
  const t = useT();
  const [email, setEmail] = useState(member?.email ?? '');
  const [name, setName] = useState(member?.name ?? '');
  const [role, setRole] = useState<Role>(member?.role ?? 'viewer');
  const save = useChange(
    async () => (member === null ? (await request<Member & { invitation?: Invitation }>('POST', '/api/members', { body: { email, name, role } })).data : (await request<Member & { invitation?: Invitation }>('PATCH', at`/api/members/${member.id}`, { body: { email, name, role }, version: member.version })).data),
    { renew: keys.members, done: t('common.saved'), onDone: (saved) => { onClose(); if (saved.invitation !== undefined) onInvited(saved.invitation); } },
  );
  const submit = (event: FormEvent): void => { event.preventDefault(); save.mutate(undefined); };
  return (
    <Dialog title={member === null ? t('administration.members.new') : member.name} open onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        <TextField label={t('common.name')} value={name} onChange={setName} autoFocus required maxLength={128} />
        <TextField label={t('administration.members.email')} type="email" value={email} onChange={setEmail} required />
        <Select label={t('administration.role')} value={role} onChange={setRole} options={roles.map((value) => ({ value, label: t(`common.role.${value}`) }))} hint={t(`administration.members.${role}`)} />
        {save.isError && <ErrorNotice error={save.error} />}
        <div className="row end"><Button onPress={onClose}>{t('common.cancel')}</Button><Button type="submit" look="primary" pending={save.isPending} isDisabled={email === '' || name === ''}>{t(member === null ? 'administration.members.invite' : 'common.save')}</Button></div>
      </form>
    </Dialog>
  );
}

export function MembersPage() {
  const t = useT();
  const may = useMay('administer');
  const query = useQuery({ queryKey: keys.members, queryFn: ({ signal }) => getAll<Member>('/api/members', { signal }) });
  const [edited, setEdited] = useState<Member | 'new' | null>(null);
  const [removed, setRemoved] = useState<Member | null>(null);
  const [invitation, setInvitation] = useState<Invitation | null>(null);
  const remove = useChange((member: Member) => request('DELETE', at`/api/members/${member.id}`), { renew: keys.members, done: t('common.removedDone'), onDone: () => setRemoved(null) });
  const invite = useChange(async (member: Member) => (await request<Invitation>('POST', at`/api/members/${member.id}/invitation`)).data, { renew: keys.members, onDone: setInvitation });
  return (
    <Page title={t('common.nav.members')} description={t('administration.members.lead')} actions={may ? <Button look="primary" icon="plus" onPress={() => setEdited('new')}>{t('administration.members.new')}</Button> : undefined}>
      {invite.isError && <ErrorNotice error={invite.error} />}
      <Loaded query={query}>{(all) => { const members = all.filter(({ removedAt }) => removedAt === undefined); return members.length === 0 ? <EmptyState icon="users" title={t('administration.members.none')}>{t('administration.members.noneHint')}</EmptyState> : (
        <Table label={t('common.nav.members')} rows={members} rowKey={({ id }) => id} columns={[
          { id: 'name', header: t('common.name'), cell: (member) => <div><span className="strong">{member.name}</span><div className="tiny faint break">{member.email}</div></div> },
          { id: 'role', header: t('administration.role'), cell: (member) => <span className="badge accent">{t(`common.role.${member.role}`)}</span> },
          { id: 'state', header: t('administration.state'), cell: (member) => (member.passwordSetAt === undefined && member.identity === undefined ? <span className="badge warn">{t('administration.members.invited')}</span> : <span className="badge good">{t('administration.members.active')}</span>) },
          { id: 'made', header: t('administration.made'), cell: (member) => <Time at={member.createdAt} relative /> },
          { id: 'actions', header: t('common.actions'), hideHeader: true, cell: (member) => may && (
            <div className="row end"><Button small aria-label={t('administration.members.inviteOne', { name: member.name })} pending={invite.isPending} onPress={() => invite.mutate(member)}>{t('administration.members.inviteAgain')}</Button><Button small icon="edit" aria-label={t('administration.members.edit', { name: member.name })} onPress={() => setEdited(member)}>{t('common.edit')}</Button><Button small icon="trash" aria-label={t('common.removeValue', { value: member.name })} onPress={() => setRemoved(member)}>{t('common.remove')}</Button></div>
          ) },
        ]} />
      ); }}</Loaded>
      <Notice icon="info">{t('administration.members.roles')}</Notice>
      {edited !== null && <MemberDialog member={edited === 'new' ? null : edited} onClose={() => setEdited(null)} onInvited={setInvitation} />}
      {invitation !== null && <SecretOnce title={t('administration.members.invitation')} secret={addressOf(invitation)} hint={t('administration.members.invitationHint')} onClose={() => setInvitation(null)} />}
      {removed !== null && <Confirm open danger title={t('administration.removeTitle', { name: removed.name })} confirm={t('common.remove')} pending={remove.isPending} error={remove.error} onClose={() => setRemoved(null)} onConfirm={() => remove.mutate(removed)}><p>{t('administration.members.removeWhat')}</p></Confirm>}
    </Page>
  );
}

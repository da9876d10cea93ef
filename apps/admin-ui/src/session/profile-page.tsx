import { useState } from 'react';
import { isApiError } from '../api/client';
import { roleOf, useSession } from '../api/session';
import { LanguageSelect, ThemeChooser } from '../app/account';
import { useT } from '../i18n/intl';
import { Button } from '../ui/button';
import { Confirm } from '../ui/dialog';
import { TextField } from '../ui/fields';
import { Page } from '../ui/page';
import { ErrorNotice, Notice } from '../ui/states';
import { toast } from '../ui/toast';
import { faultAt, NewPassword } from './password-fields';
import { changePassword } from './session-api';
import { signOut } from './sign-out';
import { useSubmit } from './use-submit';

function PasswordCard() {
  const t = useT();
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const { submit, pending, error } = useSubmit(async () => {
    await changePassword(current, password);
    setCurrent('');
    setPassword('');
    toast(t('session.profile.changed'));
  });
  const faults = isApiError(error) && error.faults.length > 0;
  return (
    <form onSubmit={submit} className="card stack">
      <h2>{t('session.profile.password')}</h2>
      <TextField label={t('session.profile.current')} type="password" autoComplete="current-password" required value={current} onChange={setCurrent} fault={faultAt(error, '/currentPassword', t) === undefined ? undefined : t('session.profile.wrongCurrent')} />
      <NewPassword label={t('session.profile.new')} value={password} onChange={setPassword} error={error} />
      {error !== null && !faults && <ErrorNotice error={error} />}
      <div><Button type="submit" look="primary" pending={pending} isDisabled={current === '' || password === ''}>{t('session.profile.change')}</Button></div>
    </form>
  );
}

function SessionsCard() {
  const t = useT();
  const [asking, setAsking] = useState(false);
  return (
    <section className="card stack">
      <h2>{t('session.profile.sessions')}</h2>
      <p className="soft">{t('session.profile.sessionsLead')}</p>
      <div className="row wrap"><Button icon="logout" onPress={() => void signOut()}>{t('common.signOut')}</Button><Button look="danger" onPress={() => setAsking(true)}>{t('session.profile.everywhere')}</Button></div>
      <Confirm title={t('session.profile.everywhere')} open={asking} onClose={() => setAsking(false)} confirm={t('session.profile.everywhere')} danger onConfirm={() => void signOut({ everywhere: true })}><p>{t('session.profile.everywhereLead')}</p></Confirm>
    </section>
  );
}

export function ProfilePage() {
  const t = useT();
  const principal = useSession();
  const role = roleOf(principal);
  if (principal?.email === undefined) return <Page title={t('session.profile.title')}><Notice>{t('session.profile.token')}</Notice></Page>;
  return (
    <Page title={principal.name ?? ''} documentTitle={t('session.profile.title')} description={<>{principal.email}{role !== null && <> · {t(`common.role.${role}`)}</>}</>}>
      <div className="columns even">
        <div className="stack"><PasswordCard /></div>
        <div className="stack"><section className="card stack"><h2>{t('session.profile.appearance')}</h2><LanguageSelect /><ThemeChooser /></section><SessionsCard /></div>
      </div>
    </Page>
  );
}

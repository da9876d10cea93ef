import { useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { ApiError, isApiError } from '../api/client';
import { setApiToken } from '../api/credentials';
import { keys } from '../api/keys';
import { queryClient } from '../api/query-client';
import { roleOf, sessionQuery } from '../api/session';
import { LanguageSelect } from '../app/account';
import { useT } from '../i18n/intl';
import { Button, buttonClass } from '../ui/button';
import { TextField } from '../ui/fields';
import { Icon } from '../ui/icons';
import { Page } from '../ui/page';
import { ErrorNotice, Notice, Skeleton } from '../ui/states';
import { faultAt, NewPassword } from './password-fields';
import { makeFirstMember, safePath, signInOptionsQuery, signInWithPassword } from './session-api';
import { useSubmit } from './use-submit';
import './sign-in.css';

const route = getRouteApi('/sign-in');

const useArrive = (): (() => void) => {
  const router = useRouter();
  const { to } = route.useSearch();
  return () => router.history.push(safePath(to));
};

function PasswordForm() {
  const t = useT();
  const arrive = useArrive();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const { submit, pending, error } = useSubmit(async () => {
    await signInWithPassword(email.trim(), password);
    arrive();
  });
  return (
    <form onSubmit={submit} className="stack">
      <TextField label={t('session.email')} type="email" autoComplete="username" autoFocus required value={email} onChange={setEmail} />
      <TextField label={t('session.password')} type="password" autoComplete="current-password" required value={password} onChange={setPassword} />
      {isApiError(error, 'unauthenticated') ? <div role="alert"><Notice look="bad">{t('session.wrong')}</Notice></div> : error !== null && <ErrorNotice error={error} />}
      <Button type="submit" look="primary" pending={pending} isDisabled={email.trim() === '' || password === ''}>{t('session.signIn')}</Button>
    </form>
  );
}

/** For automation and for the way back in: a token is kept for this tab alone. */
function TokenForm() {
  const t = useT();
  const arrive = useArrive();
  const [token, setToken] = useState('');
  const { submit, pending, error } = useSubmit(async () => {
    setApiToken(token.trim());
    queryClient.removeQueries({ queryKey: keys.session });
    try {
      if (roleOf(await queryClient.fetchQuery(sessionQuery)) === null) throw new ApiError(403, 'forbidden', t('session.notManagement'));
    } catch (failure) {
      setApiToken(null);
      throw failure;
    }
    arrive();
  });
  return (
    <form onSubmit={submit} className="stack">
      <TextField label={t('session.token')} type="password" code value={token} onChange={setToken} hint={t('session.tokenHint')} required />
      {isApiError(error, 'unauthenticated') ? <div role="alert"><Notice look="bad">{t('session.wrongToken')}</Notice></div> : error !== null && <ErrorNotice error={error} />}
      <Button type="submit" pending={pending} isDisabled={token.trim() === ''}>{t('session.signInWithToken')}</Button>
    </form>
  );
}

/** Nobody is here yet: whoever has the token of the first start becomes the first administrator. */
function FirstMemberForm() {
  const t = useT();
  const arrive = useArrive();
  const [token, setToken] = useState('');
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const { submit, pending, error } = useSubmit(async () => {
    await makeFirstMember(token, { email: email.trim(), name: name.trim(), password });
    arrive();
  });
  const faults = isApiError(error) && error.faults.length > 0;
  return (
    <form onSubmit={submit} className="stack">
      <Notice>{t('session.first.lead')}</Notice>
      <TextField label={t('session.first.token')} type="password" code required autoFocus value={token} onChange={setToken} hint={t('session.first.tokenHint')} />
      <TextField label={t('session.name')} autoComplete="name" required maxLength={128} value={name} onChange={setName} fault={faultAt(error, '/name', t)} />
      <TextField label={t('session.email')} type="email" autoComplete="username" required value={email} onChange={setEmail} fault={faultAt(error, '/email', t)} />
      <NewPassword label={t('session.password')} value={password} onChange={setPassword} error={error} />
      {isApiError(error, 'unauthenticated') ? <div role="alert"><Notice look="bad">{t('session.first.wrongToken')}</Notice></div> : error !== null && !faults && <ErrorNotice error={error} />}
      <Button type="submit" look="primary" pending={pending}>{t('session.first.make')}</Button>
    </form>
  );
}

function Choices() {
  const t = useT();
  const { to, error } = route.useSearch();
  const options = useQuery(signInOptionsQuery);
  if (options.data === undefined) return options.error === null ? <Skeleton lines={4} /> : <ErrorNotice error={options.error} />;
  const { firstRun, oidc } = options.data;
  if (firstRun && oidc === null) return <><FirstMemberForm /><details><summary>{t('session.otherWay')}</summary><TokenForm /></details></>;
  return (
    <>
      {error !== undefined && <div role="alert"><Notice look="bad">{t.maybe(`session.oidcError.${error}`, t('session.oidcError.unauthenticated'))}</Notice></div>}
      {oidc !== null && <a className={buttonClass()} href={`/api/session/oidc?returnTo=${encodeURIComponent(safePath(to))}`}><Icon name="key" />{t('session.signInWith', { provider: oidc.name })}</a>}
      {firstRun ? <FirstMemberForm /> : <PasswordForm />}
      <details><summary>{t('session.otherWay')}</summary><TokenForm /></details>
    </>
  );
}

export function SignInPage() {
  const t = useT();
  return (
    <main className="sign-in">
      <Page title={t('session.title')} description={t('session.lead')}>
        <div className="stack card"><Choices /></div>
        <LanguageSelect />
      </Page>
    </main>
  );
}

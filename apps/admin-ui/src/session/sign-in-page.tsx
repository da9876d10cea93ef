import { type FormEvent, useState } from 'react';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { ApiError, isApiError } from '../api/client';
import { setApiToken } from '../api/credentials';
import { keys } from '../api/keys';
import { queryClient } from '../api/query-client';
import { roleOf, sessionQuery } from '../api/session';
import { LanguageSelect } from '../app/account';
import { useT } from '../i18n/intl';
import { Button } from '../ui/button';
import { TextField } from '../ui/fields';
import { Page } from '../ui/page';
import { ErrorNotice, Notice } from '../ui/states';
import './sign-in.css';

const route = getRouteApi('/sign-in');

/** Only a path of ours: never to another site. */
const safePath = (to: string | undefined): string => (to !== undefined && /^\/(?![/\\])/.test(to) ? to : '/');

export function SignInPage() {
  const t = useT();
  const router = useRouter();
  const { to } = route.useSearch();
  const [token, setToken] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [pending, setPending] = useState(false);

  const signIn = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setPending(true);
    setError(null);
    setApiToken(token.trim());
    queryClient.removeQueries({ queryKey: keys.session });
    try {
      const principal = await queryClient.fetchQuery(sessionQuery);
      if (roleOf(principal) === null) throw new ApiError(403, 'forbidden', t('session.notManagement'));
      router.history.push(safePath(to));
    } catch (failure) {
      setApiToken(null);
      setError(failure);
    } finally {
      setPending(false);
    }
  };

  return (
    <main className="sign-in">
      <Page title={t('session.title')} description={t('session.lead')}>
        <form onSubmit={(event) => void signIn(event)} className="stack card">
          <TextField label={t('session.token')} type="password" code value={token} onChange={setToken} hint={t('session.tokenHint')} autoFocus required />
          {isApiError(error, 'unauthenticated') ? <Notice look="bad">{t('session.wrong')}</Notice> : error !== null && <ErrorNotice error={error} />}
          <Button type="submit" look="primary" pending={pending} isDisabled={token.trim() === ''}>{t('session.signIn')}</Button>
        </form>
        <LanguageSelect />
      </Page>
    </main>
  );
}

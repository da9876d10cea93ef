import { useState } from 'react';
import { useRouter } from '@tanstack/react-router';
import { isApiError } from '../api/client';
import { LanguageSelect } from '../app/account';
import { useT } from '../i18n/intl';
import { Button } from '../ui/button';
import { Page } from '../ui/page';
import { ErrorNotice, Notice } from '../ui/states';
import { NewPassword } from './password-fields';
import { joinWithInvitation } from './session-api';
import { useSubmit } from './use-submit';
import './sign-in.css';

/** Where an invitation leads: its holder chooses a password and is in. */
export function JoinPage() {
  const t = useT();
  const router = useRouter();
  const [token] = useState(() => new URLSearchParams(location.hash.slice(1)).get('token') ?? '');
  const [password, setPassword] = useState('');
  const { submit, pending, error } = useSubmit(async () => {
    await joinWithInvitation(token, password);
    router.history.push('/');
  });
  const faults = isApiError(error) && error.faults.length > 0;
  return (
    <main className="sign-in">
      <Page title={t('session.join.title')} description={t('session.join.lead')}>
        <form onSubmit={submit} className="stack card">
          {token === '' ? <Notice look="bad">{t('session.join.noToken')}</Notice> : <>
            <NewPassword label={t('session.join.password')} value={password} onChange={setPassword} error={error} />
            {isApiError(error, 'unauthenticated') ? <div role="alert"><Notice look="bad">{t('session.join.used')}</Notice></div> : error !== null && !faults && <ErrorNotice error={error} />}
            <Button type="submit" look="primary" pending={pending}>{t('session.join.done')}</Button>
          </>}
        </form>
        <LanguageSelect />
      </Page>
    </main>
  );
}

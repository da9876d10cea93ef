import { Link, type ErrorComponentProps, useRouter } from '@tanstack/react-router';
import { useT } from '../i18n/intl';
import { buttonClass } from '../ui/button';
import { Page } from '../ui/page';
import { EmptyState, ErrorState } from '../ui/states';

export function RouteError({ error, reset }: ErrorComponentProps) {
  const t = useT();
  const router = useRouter();
  const retry = (): void => { reset(); void router.invalidate(); };
  return <Page title={t('common.error.title')}><ErrorState error={error} onRetry={retry} /></Page>;
}

export function RouteMissing() {
  const t = useT();
  return <Page title={t('common.missing.title')}><EmptyState icon="search" title={t('common.missing.what')} action={<Link to="/flags" className={buttonClass()}>{t('common.missing.home')}</Link>}>{t('common.missing.advice')}</EmptyState></Page>;
}

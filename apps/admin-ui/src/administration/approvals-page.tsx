import { useT } from '../i18n/intl';
import { Page } from '../ui/page';
import { EmptyState } from '../ui/states';

/** Where changes that need somebody else's consent will wait; nothing asks for consent yet, and the page says so. */
export function ApprovalsPage() {
  const t = useT();
  return <Page title={t('common.nav.approvals')}><EmptyState icon="checks" title={t('administration.approvals.none')}>{t('administration.approvals.how')}</EmptyState></Page>;
}

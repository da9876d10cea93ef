import { useT } from '../i18n/intl';
import { Page } from '../ui/page';
import { EmptyState } from '../ui/states';

export function DashboardPage() {
  const t = useT();
  return <Page title={t('dashboard.title')}><EmptyState icon="gauge" title={t('dashboard.empty')} /></Page>;
}

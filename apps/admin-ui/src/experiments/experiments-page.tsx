import { useT } from '../i18n/intl';
import { Page } from '../ui/page';
import { EmptyState } from '../ui/states';

export function ExperimentsPage() {
  const t = useT();
  return <Page title={t('experiments.title')}><EmptyState icon="flask" title={t('experiments.empty')} /></Page>;
}

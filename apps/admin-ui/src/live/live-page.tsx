import { useT } from '../i18n/intl';
import { Page } from '../ui/page';
import { EmptyState } from '../ui/states';

export function LivePage() {
  const t = useT();
  return <Page title={t('live.title')}><EmptyState icon="pulse" title={t('live.empty')} /></Page>;
}

import type { Flag } from '@pataka/contracts';
import { useT } from '../i18n/intl';
import { Icon } from '../ui/icons';
import { stalenessOf } from './staleness';

const looks = { ACTIVE: 'good', INACTIVE: '', ARCHIVED: 'outline' } as const;

export function StatusBadge({ status }: { status: Flag['status'] }) {
  const t = useT();
  return <span className={`badge ${looks[status]}`}>{t(`flags.status.${status}`)}</span>;
}

/** Says why a flag looks unused, or nothing. */
export function StaleBadge({ flag }: { flag: Flag }) {
  const t = useT();
  const stale = stalenessOf(flag, Date.now());
  if (stale === null) return null;
  return <span className="badge warn" title={t(`flags.stale.${stale.reason}.why`, { days: stale.days })}><Icon name="clock" size={12} />{t(`flags.stale.${stale.reason}`)}</span>;
}

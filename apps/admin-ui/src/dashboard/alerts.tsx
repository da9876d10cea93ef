import type { Alert } from '@pataka/contracts';
import { Link } from '@tanstack/react-router';
import { useChange } from '../administration/mutations';
import { at, request } from '../api/client';
import { useMay } from '../api/session';
import { useLocale, useT } from '../i18n/intl';
import { Button } from '../ui/button';
import { Icon } from '../ui/icons';
import { Time } from '../ui/time';
import { alertsQuery } from './queries';

const severityLooks = { info: 'info', warning: 'warn', critical: 'bad' } as const;

/** Who has seen to an alert; where nobody has, a way to say so for whoever manages experiments. */
function Acknowledgement({ alert }: { alert: Alert }) {
  const t = useT();
  const may = useMay('manage');
  const acknowledge = useChange((id: string) => request('POST', at`/api/alerts/${id}/acknowledge`, { body: {} }), { renew: alertsQuery.queryKey, done: t('dashboard.acknowledgedNow') });
  const { acknowledgement: seen } = alert;
  if (seen !== undefined) return <span className="tiny soft">{t('dashboard.acknowledged', { by: seen.by })} <Time at={seen.at} relative />{seen.note === undefined ? '' : `: ${seen.note}`}</span>;
  if (!may || alert.status === 'resolved') return null;
  return <div><Button small icon="check" pending={acknowledge.isPending} onPress={() => acknowledge.mutate(alert.id)}>{t('dashboard.acknowledge')}</Button></div>;
}

/** What asks for attention, newest first. */
export function Alerts({ alerts }: { alerts: readonly Alert[] }) {
  const t = useT();
  const hindi = useLocale() === 'hi';
  if (alerts.length === 0) return <p className="small soft">{t('dashboard.noAlerts')}</p>;
  return (
    <ul className="alerts">
      {alerts.map((alert) => (
        <li key={alert.id} className="stack tight">
          <div className="row wrap"><span className={`badge ${alert.status === 'resolved' ? '' : severityLooks[alert.severity]}`}><Icon name={alert.status === 'resolved' ? 'check' : 'alert'} size={12} />{t(alert.status === 'resolved' ? 'dashboard.resolved' : `dashboard.severity.${alert.severity}`)}</span><span className="tiny faint"><Time at={alert.raisedAt} relative /></span></div>
          <span className="small">{hindi ? alert.message.hi : alert.message.en}</span>
          <Link className="tiny" to="/experiments/$id" params={{ id: alert.experimentKey }}>{alert.experimentName ?? alert.experimentKey}</Link>
          <Acknowledgement alert={alert} />
        </li>
      ))}
    </ul>
  );
}

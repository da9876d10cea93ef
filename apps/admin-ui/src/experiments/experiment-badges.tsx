import type { Decision, ExperimentStatus } from '@pataka/contracts';
import { useT } from '../i18n/intl';
import { Icon, type IconName } from '../ui/icons';

const looks: Record<ExperimentStatus, { look: string; icon: IconName }> = {
  DRAFT: { look: 'outline', icon: 'edit' }, ACTIVE: { look: 'good', icon: 'play' }, PAUSED: { look: 'warn', icon: 'pause' }, COMPLETED: { look: 'info', icon: 'check' }, ARCHIVED: { look: '', icon: 'archive' },
};

/** The status by word and picture, never by colour alone; what was rolled back says so. */
export function StatusBadge({ status, outcome }: { status: ExperimentStatus; outcome?: string | undefined }) {
  const t = useT();
  if (status === 'COMPLETED' && outcome === 'rolledBack') return <span className="badge bad"><Icon name="replay" size={12} />{t('experiments.outcome.rolledBack')}</span>;
  const { look, icon } = looks[status];
  return <span className={`badge ${look}`}><Icon name={icon} size={12} />{t(`experiments.status.${status}`)}</span>;
}

const verdicts: Record<Decision, { look: string; icon: IconName }> = {
  ship: { look: 'good', icon: 'check' }, continue: { look: 'outline', icon: 'clock' }, hold: { look: 'warn', icon: 'pause' }, inconclusive: { look: 'outline', icon: 'minus' },
  rollback: { look: 'bad', icon: 'replay' }, invalid: { look: 'bad', icon: 'alert' },
};

export function VerdictBadge({ decision }: { decision: Decision }) {
  const t = useT();
  const { look, icon } = verdicts[decision];
  return <span className={`badge ${look}`}><Icon name={icon} size={12} />{t(`experiments.verdict.${decision}`)}</span>;
}

import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { Flag } from '@pataka/contracts';
import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import { Confirm } from '../ui/dialog';
import { Notice } from '../ui/states';
import { Time } from '../ui/time';
import { toast } from '../ui/toast';
import { flagChanges, useFlags } from './flag-store';

const QUIET_DAYS = 7;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Flags that need another one. */
export const dependentsOf = (key: string, flags: readonly Flag[]): Flag[] => flags.filter((flag) => flag.status !== 'ARCHIVED' && (flag.prerequisites ?? []).some((one) => one.flag === key));

/** Whether anybody has asked for the flag lately: the proof that it can go, or that it can't. */
export function Disuse({ flag }: { flag: Flag }) {
  const t = useT();
  const formats = useFormats();
  const { lastEvaluated, evaluationCount = 0 } = flag;
  if (lastEvaluated === null || lastEvaluated === undefined) return <Notice look="good">{t('flags.disuse.never')}</Notice>;
  const quiet = Date.now() - new Date(lastEvaluated).getTime() > QUIET_DAYS * DAY_MS;
  return <Notice look={quiet ? 'good' : 'warn'}>{t.rich(quiet ? 'flags.disuse.quiet' : 'flags.disuse.inUse', { count: formats.number(evaluationCount), last: <Time at={lastEvaluated} relative /> })}</Notice>;
}

/** Archiving is final: it shows whether the flag is still in use and who needs it, and wants the key typed. */
export function ArchiveDialog({ flag, onClose }: { flag: Flag; onClose: () => void }) {
  const t = useT();
  const client = useQueryClient();
  const dependents = dependentsOf(flag.key, useFlags().flags);
  const archive = useMutation({
    mutationFn: (reason: string) => flagChanges(client).archive(flag, reason),
    onSuccess: () => { toast(t('flags.archived', { flag: flag.name ?? flag.key })); onClose(); },
  });
  return (
    <Confirm open danger reason typed={flag.key} title={t('flags.archiveTitle', { flag: flag.name ?? flag.key })} confirm={t('flags.archive')} pending={archive.isPending} error={archive.error} disabled={dependents.length > 0} onClose={onClose} onConfirm={(reason) => archive.mutate(reason)}>
      <p>{t('flags.archiveWhat', { value: JSON.stringify(flag.defaultValue) })}</p>
      <Disuse flag={flag} />
      {dependents.length > 0 && <Notice look="bad">{t('flags.dependents', { flags: dependents.map(({ key }) => key).join(', ') })}</Notice>}
    </Confirm>
  );
}

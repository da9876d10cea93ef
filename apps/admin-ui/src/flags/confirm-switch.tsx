import type { Flag } from '@pataka/contracts';
import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import { Confirm } from '../ui/dialog';
import { Notice } from '../ui/states';

/** Says what a switch in production will do, and asks once more. */
export function ConfirmSwitch({ flag, environment, on, onClose, onConfirm }: { flag: Flag; environment: string; on: boolean; onClose: () => void; onConfirm: (reason: string) => void }) {
  const t = useT();
  const formats = useFormats();
  const rules = flag.environments[environment]?.rules.length ?? 0;
  return (
    <Confirm
      open onClose={onClose} reason danger={!on} onConfirm={onConfirm} title={t(on ? 'flags.switch.onTitle' : 'flags.switch.offTitle', { flag: flag.name ?? flag.key, environment })}
      confirm={t(on ? 'flags.switch.on' : 'flags.switch.off')} {...(on ? { typed: flag.key } : {})}
    >
      <p>{on ? t('flags.switch.onWhat', { count: rules }) : t('flags.switch.offWhat', { value: JSON.stringify(flag.defaultValue) })}</p>
      {(flag.evaluationCount ?? 0) > 0 && <Notice>{t('flags.switch.evaluations', { count: formats.number(flag.evaluationCount ?? 0) })}</Notice>}
    </Confirm>
  );
}

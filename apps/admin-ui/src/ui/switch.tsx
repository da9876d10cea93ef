import type { ReactNode } from 'react';
import { Switch as AriaSwitch } from 'react-aria-components/Switch';
import { useT } from '../i18n/intl';

/** On or off, said in words too. `label` names what is switched and is read out; the words beside it are for the eye. */
export function Switch({ label, on, onChange, disabled, words = true, children }: { label: string; on: boolean; onChange: (on: boolean) => void; disabled?: boolean; words?: boolean; children?: ReactNode }) {
  const t = useT();
  return (
    <AriaSwitch className="switch" aria-label={label} isSelected={on} onChange={onChange} isDisabled={disabled === true}>
      <span className="track" aria-hidden="true" />
      {children ?? (words && <span className={on ? '' : 'faint'} aria-hidden="true">{t(on ? 'common.on' : 'common.off')}</span>)}
    </AriaSwitch>
  );
}

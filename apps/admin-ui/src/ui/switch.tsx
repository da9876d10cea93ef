import type { ReactNode } from 'react';
import { useT } from '../i18n/intl';

/**
 * On or off, said in words too. `label` names what is switched and is read out; the words beside it are for the eye. The browser's own
 * checkbox underneath, since a list has dozens of them.
 */
export function Switch({ label, on, onChange, disabled, words = true, children }: { label: string; on: boolean; onChange: (on: boolean) => void; disabled?: boolean; words?: boolean; children?: ReactNode }) {
  const t = useT();
  return (
    <label className="switch">
      <input type="checkbox" role="switch" aria-label={label} checked={on} disabled={disabled === true} onChange={(event) => onChange(event.target.checked)} />
      <span className="track" aria-hidden="true" />
      {children ?? (words && <span className={on ? '' : 'faint'} aria-hidden="true">{t(on ? 'common.on' : 'common.off')}</span>)}
    </label>
  );
}

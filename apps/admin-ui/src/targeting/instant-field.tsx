import type { ReactNode } from 'react';
import { useT } from '../i18n/intl';
import { TextField } from '../ui/fields';
import { instantOfLocal, localOfInstant } from './local-instant';

/** An instant, chosen as local time in India; what was written with another offset is shown as that instant in IST. */
export function InstantField({ label, value, onChange, fault, disabled, hideLabel, hint }: { label: string; value: string; onChange: (instant: string) => void; fault?: string | undefined; disabled?: boolean; hideLabel?: boolean; hint?: ReactNode }) {
  const t = useT();
  const local = localOfInstant(value);
  const shown = hint ?? t('targeting.schedule.zoneOfInstant');
  if (value !== '' && local === null) return <TextField code label={label} hideLabel={hideLabel} value={value} onChange={onChange} fault={fault} disabled={disabled} hint={shown} />;
  return <TextField type="datetime-local" label={label} hideLabel={hideLabel} value={local ?? ''} onChange={(text) => onChange(instantOfLocal(text))} fault={fault} disabled={disabled} hint={shown} />;
}

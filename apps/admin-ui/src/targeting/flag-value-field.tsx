import type { FlagType } from '@pataka/contracts';
import { useT } from '../i18n/intl';
import { Segmented, TextArea, TextField } from '../ui/fields';

/** A value of the flag's type. */
export function FlagValueField({ label, type, value, onChange, fault, disabled, hideLabel }: { label: string; type: FlagType; value: string; onChange: (value: string) => void; fault?: string | undefined; disabled?: boolean; hideLabel?: boolean }) {
  const t = useT();
  if (type === 'BOOLEAN') {
    return (
      <div className="field">
        {hideLabel !== true && <span className="label">{label}</span>}
        <Segmented label={label} value={value} onChange={onChange} disabled={disabled === true} options={[{ value: 'true', label: t('targeting.value.true') }, { value: 'false', label: t('targeting.value.false') }]} />
      </div>
    );
  }
  if (type === 'JSON') return <TextArea label={label} hideLabel={hideLabel} code rows={4} value={value} onChange={onChange} fault={fault} disabled={disabled} />;
  return <TextField label={label} hideLabel={hideLabel} value={value} onChange={onChange} fault={fault} disabled={disabled} {...(type === 'NUMBER' ? { inputMode: 'decimal' as const } : {})} />;
}

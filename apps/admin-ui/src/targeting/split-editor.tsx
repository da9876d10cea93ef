import type { FlagType } from '@pataka/contracts';
import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import { Button, IconButton } from '../ui/button';
import { TextField } from '../ui/fields';
import { newUid } from './condition-draft';
import { FlagValueField } from './flag-value-field';
import type { ShareDraft } from './rule-draft';
import { useTargeting } from './targeting-context';
import { useFault } from './use-fault';
import { startingText } from './value-text';

const even = (shares: readonly ShareDraft[]): ShareDraft[] => {
  const each = Math.floor(100_000 / shares.length) / 1000;
  return shares.map((share, index) => ({ ...share, percent: String(index < shares.length - 1 ? each : Number((100 - each * (shares.length - 1)).toFixed(3))) }));
};

function Share({ share, index, pointer, onChange, onRemove }: { share: ShareDraft; index: number; pointer: string; onChange: (share: ShareDraft) => void; onRemove: () => void }) {
  const t = useT();
  const { type, readOnly } = useTargeting();
  return (
    <div className="share">
      <span className={`swatch s${(index % 6) + 1}`} aria-hidden="true" />
      <TextField label={t('targeting.split.variant')} value={share.variant} disabled={readOnly} onChange={(variant) => onChange({ ...share, variant })} fault={useFault(`${pointer}/variant`)} />
      <TextField label={t('targeting.split.percent')} inputMode="decimal" value={share.percent} disabled={readOnly} onChange={(percent) => onChange({ ...share, percent })} fault={useFault(`${pointer}/weight`)} />
      <FlagValueField label={t('targeting.split.value')} type={type} value={share.value} disabled={readOnly} onChange={(value) => onChange({ ...share, value })} fault={useFault(`${pointer}/value`)} />
      {!readOnly && <IconButton label={t('targeting.split.remove', { variant: share.variant })} icon="trash" onPress={onRemove} />}
    </div>
  );
}

/** Variants with their shares, which have to come to 100%. */
export function SplitEditor({ shares, onChange, pointer, type }: { shares: readonly ShareDraft[]; onChange: (shares: ShareDraft[]) => void; pointer: string; type: FlagType }) {
  const t = useT();
  const formats = useFormats();
  const { readOnly } = useTargeting();
  const fault = useFault(pointer);
  const sum = shares.reduce((total, { percent }) => total + (Number(percent) || 0), 0);
  const add = (): void => onChange([...shares, { uid: newUid(), variant: `variant-${shares.length + 1}`, percent: String(Math.max(0, Number((100 - sum).toFixed(3)))), value: startingText[type] }]);
  return (
    <div className="stack tight">
      <div className="split-bar" aria-hidden="true">{shares.map(({ uid, percent }, index) => <i key={uid} className={`s${(index % 6) + 1}`} style={{ flexGrow: Math.max(0, Number(percent) || 0) }} />)}</div>
      {shares.map((share, index) => (
        <Share key={share.uid} share={share} index={index} pointer={`${pointer}/${index}`} onChange={(next) => onChange(shares.with(index, next))} onRemove={() => onChange(shares.filter((one) => one.uid !== share.uid))} />
      ))}
      {fault !== undefined && <span className="fault">{fault}</span>}
      {!readOnly && (
        <div className="row wrap">
          <Button small look="ghost" icon="plus" onPress={add}>{t('targeting.split.add')}</Button>
          {shares.length > 1 && <Button small look="ghost" icon="split" onPress={() => onChange(even(shares))}>{t('targeting.split.even')}</Button>}
          <span className="small faint">{t('targeting.split.sum', { sum: formats.number(Number(sum.toFixed(6))) })}</span>
        </div>
      )}
    </div>
  );
}

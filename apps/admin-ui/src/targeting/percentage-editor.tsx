import { useMemo } from 'react';
import { bucketOf } from '@pataka/evaluation';
import { useT } from '../i18n/intl';
import { Segmented, TextField } from '../ui/fields';
import type { RuleDraft } from './rule-draft';
import { useTargeting } from './targeting-context';
import { useFault } from './use-fault';

const SAMPLE = 200;

/** Two hundred keys, each a dot that is in or out, as this very rule's salt puts them: raising the percentage only adds dots. */
function Dots({ percentage, salt, unit }: { percentage: number; salt: string; unit: string }) {
  const t = useT();
  const buckets = useMemo(() => Array.from({ length: SAMPLE }, (_, index) => bucketOf(`${unit}-${index + 1}`, salt)), [salt, unit]);
  const isIn = buckets.map((bucket) => bucket < Math.round(percentage * 1000));
  const count = isIn.filter(Boolean).length;
  const examples = isIn.flatMap((is, index) => (is ? [`${unit}-${index + 1}`] : [])).slice(0, 5);
  return (
    <figure className="stack tight">
      <div className="dots" aria-hidden="true">{isIn.map((is, index) => <i key={index} className={is ? 'in' : ''} title={`${unit}-${index + 1}`} />)}</div>
      <figcaption className="hint">{t('targeting.percentage.sample', { count, size: SAMPLE })} {examples.length > 0 && t('targeting.percentage.examples', { keys: examples.join(', ') })}</figcaption>
    </figure>
  );
}

/** Everyone, or a share of those for whom the conditions hold. */
export function PercentageEditor({ draft, pointer, onChange }: { draft: RuleDraft; pointer: string; onChange: (draft: RuleDraft) => void }) {
  const t = useT();
  const { readOnly } = useTargeting();
  const fault = useFault(`${pointer}/percentage`);
  const value = Number(draft.percentage);
  const shown = draft.percentage !== null && Number.isFinite(value) ? value : 0;
  const set = (percentage: string): void => onChange({ ...draft, percentage });
  return (
    <section className="rule-part">
      <div className="row between wrap"><h4>{t('targeting.percentage')}</h4><Segmented label={t('targeting.percentage')} value={draft.percentage === null ? 'all' : 'some'} disabled={readOnly} onChange={(next) => onChange({ ...draft, percentage: next === 'all' ? null : '10' })} options={[{ value: 'all', label: t('targeting.percentage.everyone') }, { value: 'some', label: t('targeting.percentage.some') }]} /></div>
      {draft.percentage !== null && <>
        <div className="row top percentage">
          <TextField label={t('targeting.percentage.value')} hint={t('targeting.percentage.hint')} inputMode="decimal" value={draft.percentage} onChange={set} fault={fault} disabled={readOnly} />
          <input type="range" aria-label={t('targeting.percentage.slider')} min={0} max={100} step={0.5} value={shown} disabled={readOnly} onChange={(event) => set(event.target.value)} />
        </div>
        <Dots percentage={shown} salt={draft.salt === '' ? draft.id : draft.salt} unit={draft.bucketBy === 'fleet_id' ? 'fleet' : 'driver'} />
      </>}
    </section>
  );
}

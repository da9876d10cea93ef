import { useState } from 'react';
import { Link } from '@tanstack/react-router';
import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import { Button, IconButton } from '../ui/button';
import { Combo } from '../ui/combo';
import { Segmented, TextField } from '../ui/fields';
import { Icon } from '../ui/icons';
import { Notice } from '../ui/states';
import { conditionOf } from './condition-draft';
import { ConditionList } from './condition-editor';
import { ConditionText } from './condition-text';
import { FlagValueField } from './flag-value-field';
import { PercentageEditor } from './percentage-editor';
import type { RuleDraft } from './rule-draft';
import { ScheduleEditor } from './schedule-editor';
import { SplitEditor } from './split-editor';
import { TargetingContext, useTargeting } from './targeting-context';
import { useFault } from './use-fault';
import { shortValue, startingText, valueFromText } from './value-text';

interface CardProps {
  draft: RuleDraft; index: number; count: number; reach: number | undefined; sampleSize: number; open: boolean;
  onChange: (draft: RuleDraft) => void; onRemove: () => void; onMove: (step: -1 | 1) => void; onDuplicate: () => void;
}

function Serves({ draft }: { draft: RuleDraft }) {
  const t = useT();
  const { type } = useTargeting();
  const share = draft.percentage === null ? null : <span className="badge accent">{t('targeting.percentOf', { percent: draft.percentage })}</span>;
  return (
    <span className="row wrap small">
      {draft.schedule !== null && <span className="badge info"><Icon name="clock" size={12} />{t('targeting.scheduled')}</span>}
      {share}<Icon name="arrowRight" size={14} />
      {draft.serve === 'value' ? <code className="served">{shortValue(valueFromText(draft.value, type) ?? draft.value)}</code>
        : draft.split.map(({ uid, variant, percent }, index) => <span key={uid} className="row tiny"><span className={`swatch s${(index % 6) + 1}`} aria-hidden="true" />{variant} {percent}%</span>)}
    </span>
  );
}

const bucketAttributes = ['targetingKey', 'fleet_id', 'user_id', 'region'];

function Served({ draft, pointer, onChange }: { draft: RuleDraft; pointer: string; onChange: (draft: RuleDraft) => void }) {
  const t = useT();
  const { type, readOnly } = useTargeting();
  const fault = useFault(`${pointer}/value`);
  const setServe = (serve: RuleDraft['serve']): void => onChange({
    ...draft, serve, split: serve === 'split' && draft.split.length === 0 ? [{ uid: `${draft.uid}a`, variant: draft.variant === '' ? 'control' : draft.variant, percent: '50', value: draft.value }, { uid: `${draft.uid}b`, variant: 'treatment', percent: '50', value: startingText[type] }] : draft.split,
  });
  return (
    <section className="rule-part">
      <div className="row between wrap"><h4>{t('targeting.serve')}</h4><Segmented label={t('targeting.serve')} value={draft.serve} disabled={readOnly} onChange={setServe} options={[{ value: 'value', label: t('targeting.serve.value') }, { value: 'split', label: t('targeting.serve.split') }]} /></div>
      {draft.serve === 'value'
        ? <div className="grid-2"><FlagValueField label={t('targeting.value')} type={type} value={draft.value} disabled={readOnly} onChange={(value) => onChange({ ...draft, value })} fault={fault} /><TextField label={t('targeting.variant')} optional hint={t('targeting.variantHint')} value={draft.variant} disabled={readOnly} onChange={(variant) => onChange({ ...draft, variant })} /></div>
        : <SplitEditor shares={draft.split} type={type} pointer={`${pointer}/split`} onChange={(split) => onChange({ ...draft, split })} />}
    </section>
  );
}

function Editor({ draft, pointer, onChange }: { draft: RuleDraft; pointer: string; onChange: (draft: RuleDraft) => void }) {
  const t = useT();
  const { readOnly, attributes } = useTargeting();
  const idFault = useFault(`${pointer}/id`);
  return (
    <div className="rule-body">
      <div className="grid-2">
        <TextField label={t('targeting.description')} optional value={draft.description} disabled={readOnly} onChange={(description) => onChange({ ...draft, description })} />
        <TextField label={t('targeting.id')} code hint={t('targeting.idHint')} value={draft.id} disabled={readOnly} onChange={(id) => onChange({ ...draft, id })} fault={idFault} />
      </div>
      <section className="rule-part"><h4>{t('targeting.if')}</h4><ConditionList nodes={draft.conditions} joined="and" onChange={(conditions) => onChange({ ...draft, conditions })} pointerOf={(index) => `${pointer}/conditions/${index}`} /></section>
      <PercentageEditor draft={draft} pointer={pointer} onChange={onChange} />
      <Served draft={draft} pointer={pointer} onChange={onChange} />
      <section className="rule-part">
        <div className="row between wrap"><h4>{t('targeting.schedule')}</h4><Segmented label={t('targeting.schedule')} value={draft.schedule === null ? 'always' : 'scheduled'} disabled={readOnly} onChange={(value) => onChange({ ...draft, schedule: value === 'always' ? null : { from: '', until: '', windows: [] } })} options={[{ value: 'always', label: t('targeting.schedule.always') }, { value: 'scheduled', label: t('targeting.schedule.some') }]} /></div>
        {draft.schedule !== null && <ScheduleEditor schedule={draft.schedule} pointer={`${pointer}/schedule`} onChange={(schedule) => onChange({ ...draft, schedule })} />}
      </section>
      <details className="rule-part"><summary>{t('targeting.bucketing')}</summary>
        <div className="grid-2 padded">
          <div className="field"><span className="label">{t('targeting.bucketBy')}</span><Combo label={t('targeting.bucketBy')} free code placeholder="targetingKey" value={draft.bucketBy} disabled={readOnly} onChange={(bucketBy) => onChange({ ...draft, bucketBy })} options={attributes.filter(({ id }) => bucketAttributes.includes(id))} /><span className="hint">{t('targeting.bucketByHint')}</span></div>
          <TextField label={t('targeting.salt')} code optional placeholder={draft.id} hint={t('targeting.saltHint')} value={draft.salt} disabled={readOnly} onChange={(salt) => onChange({ ...draft, salt })} />
        </div>
      </details>
    </div>
  );
}

function Tools({ draft, index, count, onRemove, onMove, onDuplicate }: Omit<CardProps, 'reach' | 'sampleSize' | 'open' | 'onChange'>) {
  const t = useT();
  return (
    <>
      <IconButton small label={t('targeting.moveUp', { rule: draft.id })} icon="arrowUp" isDisabled={index === 0} onPress={() => onMove(-1)} />
      <IconButton small label={t('targeting.moveDown', { rule: draft.id })} icon="arrowDown" isDisabled={index === count - 1} onPress={() => onMove(1)} />
      <IconButton small label={t('targeting.duplicate', { rule: draft.id })} icon="copy" onPress={onDuplicate} />
      <IconButton small label={t('targeting.removeRule', { rule: draft.id })} icon="trash" onPress={onRemove} />
    </>
  );
}

/** A rule: a sentence, and behind it everything that can be edited. Rules that an experiment owns lead there instead. */
export function RuleCard(props: CardProps) {
  const { draft, index, reach, sampleSize, onChange } = props;
  const t = useT();
  const formats = useFormats();
  const world = useTargeting();
  const [open, setOpen] = useState(props.open);
  const pointer = `/rules/${index}`;
  const experiment = draft.saved?.experimentId;
  const readOnly = world.readOnly || experiment !== undefined;
  const faulty = [...world.faults.keys(), ...world.refused.keys()].some((at) => at === pointer || at.startsWith(`${pointer}/`));
  return (
    <li className={`rule-card${faulty ? ' faulty' : ''}`} aria-label={t('targeting.rule', { number: index + 1, rule: draft.id })}>
      <div className="rule-head">
        <span className="rule-number" aria-hidden="true">{index + 1}</span>
        <div className="grow stack tight">
          <div className="small"><span className="faint">{t('targeting.ifShort')}</span> <ConditionText conditions={draft.conditions.map(conditionOf)} /></div>
          <Serves draft={draft} />
          {draft.description !== '' && <div className="tiny faint">{draft.description}</div>}
        </div>
        {reach !== undefined && <span className="tiny faint nowrap" title={t('targeting.reachHint', { size: sampleSize })}>{t('targeting.reach', { share: formats.percent(reach / sampleSize) })}</span>}
        <div className="rule-tools">
          {!readOnly && <Tools {...props} />}
          <Button small aria-expanded={open} icon={open ? 'up' : readOnly ? 'eye' : 'edit'} onPress={() => setOpen(!open)}>{t(open ? 'targeting.fold' : readOnly ? 'targeting.show' : 'common.edit')}</Button>
        </div>
      </div>
      {experiment !== undefined && <Notice look="info" icon="flask">{t.rich('targeting.owned', { link: (parts) => <Link to={'/experiments/$id' as '/'} params={{ id: experiment } as never}>{parts}</Link> })}</Notice>}
      {open && <TargetingContext.Provider value={{ ...world, readOnly }}><Editor draft={draft} pointer={pointer} onChange={onChange} /></TargetingContext.Provider>}
    </li>
  );
}

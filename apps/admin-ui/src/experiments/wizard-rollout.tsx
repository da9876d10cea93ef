import type { DryRun, StrategyType } from '@pataka/contracts';
import { useQuery } from '@tanstack/react-query';
import { calendarsQuery, regionsQuery } from '../api/catalogue';
import { useT } from '../i18n/intl';
import { Button, IconButton } from '../ui/button';
import { Combo, Tokens } from '../ui/combo';
import { Checkbox, Segmented, Select, TextField } from '../ui/fields';
import { useMetrics } from './metric-names';
import { Staircase } from './staircase';
import { type Draft, newStep, newThreshold, type StepDraft, type ThresholdDraft } from './wizard-draft';
import { Part, type PartProps } from './wizard-parts';

const strategies: readonly StrategyType[] = ['FIXED', 'GRADUAL', 'AUTOMATIC', 'CANARY'];

function StepRows({ draft, change, fault }: PartProps) {
  const t = useT();
  const regions = useQuery(regionsQuery).data ?? [];
  const set = (uid: string, part: Partial<StepDraft>): void => change({ steps: draft.steps.map((one) => (one.uid === uid ? { ...one, ...part } : one)) });
  const add = (): void => {
    const last = draft.steps.at(-1);
    change({ steps: [...draft.steps, { ...newStep(String(Math.min(100, Number(last?.percentage ?? 0) + 10)), last?.days), regions: [] }] });
  };
  return (
    <div className="stack">
      <div className="rows">{draft.steps.map((step, index) => (
        <div key={step.uid} className="step-row">
          <TextField label={t('experiments.percentOf', { step: index + 1 })} inputMode="decimal" value={step.percentage} onChange={(percentage) => set(step.uid, { percentage })} fault={fault(`/strategy/steps/${index}/percentage`)} />
          <TextField label={t('experiments.days')} inputMode="numeric" value={step.days} onChange={(days) => set(step.uid, { days })} fault={fault(`/strategy/steps/${index}/duration`)} />
          <div className="field"><span className="label">{t('experiments.regions')}</span><Tokens label={t('experiments.regionsOf', { step: index + 1 })} values={step.regions} onChange={(next) => set(step.uid, { regions: next })} options={regions.map(({ key, name }) => ({ id: key, label: name ?? key }))} free={false} placeholder={t('experiments.everywhere')} /></div>
          <IconButton label={t('experiments.removeStep', { step: index + 1 })} icon="trash" onPress={() => change({ steps: draft.steps.filter((one) => one.uid !== step.uid) })} />
        </div>
      ))}</div>
      <div><Button small icon="plus" onPress={add}>{t('experiments.addStep')}</Button></div>
    </div>
  );
}

function Growth(props: PartProps) {
  const { draft, change, fault } = props;
  const t = useT();
  const number = (name: 'initial' | 'target' | 'increment' | 'intervalDays', member: string) => (
    <TextField label={t(`experiments.${name}`)} inputMode="decimal" value={draft[name]} onChange={(value) => change({ [name]: value })} fault={fault(`/strategy/${member}`)} />
  );
  if (draft.strategy === 'FIXED') return <div className="grid-2">{number('target', 'targetPercentage')}</div>;
  if (draft.strategy === 'CANARY') return <div className="grid-2">{number('initial', 'initialPercentage')}{number('intervalDays', 'sliceDuration')}{number('target', 'targetPercentage')}</div>;
  return (
    <>
      <div><Segmented label={t('experiments.stepsHow')} value={draft.explicit ? 'list' : 'even'} onChange={(how) => change({ explicit: how === 'list', ...(how === 'list' && draft.steps.length === 0 ? { steps: ['15', '30', '50', '75'].map((percentage) => newStep(percentage)) } : {}) })} options={[{ value: 'even', label: t('experiments.stepsEven') }, { value: 'list', label: t('experiments.stepsList') }]} /></div>
      {draft.explicit ? <StepRows {...props} /> : <div className="grid-2">{number('initial', 'initialPercentage')}{number('increment', 'incrementSize')}{number('intervalDays', 'incrementInterval')}{number('target', 'targetPercentage')}</div>}
    </>
  );
}

function Thresholds({ draft, change, list }: PartProps & { list: 'successThresholds' | 'failureThresholds' }) {
  const t = useT();
  const names = useMetrics(draft.defined);
  const metrics = [...draft.success, ...draft.guardrail, ...draft.safety].map((id) => ({ id, label: names.name(id) }));
  const set = (uid: string, part: Partial<ThresholdDraft>): void => change({ [list]: draft[list].map((one) => (one.uid === uid ? { ...one, ...part } : one)) });
  return (
    <fieldset className="stack">
      <legend className="label">{t(`experiments.${list}`)}</legend>
      <span className="hint">{t(`experiments.${list}Hint`)}</span>
      <div className="rows">{draft[list].map((threshold) => (
        <div key={threshold.uid} className="threshold-row">
          <div className="field"><span className="label">{t('experiments.column.metric')}</span><Combo label={t('experiments.column.metric')} value={threshold.metric} onChange={(metric) => set(threshold.uid, { metric })} options={metrics} free /></div>
          <Select label={t('experiments.measureLabel')} value={threshold.of} onChange={(of) => set(threshold.uid, { of })} options={(['level', 'difference', 'ratio'] as const).map((value) => ({ value, label: t(`experiments.measure.${value}`) }))} />
          <Select label={t('experiments.goodSide')} value={threshold.direction} onChange={(direction) => set(threshold.uid, { direction })} options={(['atLeast', 'atMost'] as const).map((value) => ({ value, label: t(`experiments.side.${value}`) }))} />
          <TextField label={t('experiments.column.value')} inputMode="decimal" value={threshold.value} onChange={(value) => set(threshold.uid, { value })} />
          <IconButton label={t('common.removeValue', { value: threshold.metric })} icon="trash" onPress={() => change({ [list]: draft[list].filter((one) => one.uid !== threshold.uid) })} />
        </div>
      ))}</div>
      <div><Button small icon="plus" onPress={() => change({ [list]: [...draft[list], newThreshold(draft.success[0] ?? '')] })}>{t('experiments.addThreshold')}</Button></div>
    </fieldset>
  );
}

/** How it grows, what it needs for a step, and when: drawn on the calendar by the server's own timetable. */
export function RolloutPart(props: PartProps & { dryRun: DryRun | undefined }) {
  const { draft, change, fault, dryRun } = props;
  const t = useT();
  const calendars = useQuery(calendarsQuery).data ?? [];
  const regions = useQuery(regionsQuery).data ?? [];
  return (
    <Part title={t('experiments.step.rollout')} lead={t('experiments.lead.rollout')}>
      <Select label={t('experiments.strategy')} value={draft.strategy} onChange={(strategy: Draft['strategy']) => change({ strategy })} options={strategies.map((value) => ({ value, label: t(`experiments.strategies.${value}`) }))} hint={t(`experiments.strategyHint.${draft.strategy}`)} fault={fault('/strategy/type')} />
      <Growth {...props} />
      {fault('/strategy') !== undefined && <span className="fault">{fault('/strategy')}</span>}
      {draft.strategy !== 'FIXED' && <Thresholds {...props} list="successThresholds" />}
      <Thresholds {...props} list="failureThresholds" />
      <div className="grid-2">
        <Checkbox label={t('experiments.officeHours')} hint={t('experiments.officeHoursHint')} checked={draft.officeHours} onChange={(officeHours) => change({ officeHours })} />
        <div className="field"><span className="label">{t('experiments.blackouts')}</span><Tokens placeholder={t('experiments.chooseCalendar')} label={t('experiments.blackouts')} values={draft.blackouts} onChange={(blackouts) => change({ blackouts })} options={calendars.map(({ key, name }) => ({ id: key, label: name ?? key }))} free={false} /><span className="hint">{t('experiments.blackoutsHint')}</span></div>
      </div>
      <div className="stack tight"><h3>{t('experiments.calendar')}</h3>{dryRun === undefined ? <p className="small soft">{t('experiments.dryRunNeeds')}</p> : <Staircase past={[]} planned={dryRun.planned} now={null} regionName={(key) => regions.find((region) => region.key === key)?.name ?? key} />}</div>
    </Part>
  );
}

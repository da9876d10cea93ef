import { useMemo, useState } from 'react';
import type { MetricDefinition } from '@pataka/contracts';
import { useQuery } from '@tanstack/react-query';
import { metricsQuery } from '../api/catalogue';
import { useT } from '../i18n/intl';
import { ConditionList } from '../targeting/condition-editor';
import { ConditionText } from '../targeting/condition-text';
import { conditionOf } from '../targeting/condition-draft';
import { nodeFaults } from '../targeting/draft-faults';
import { TargetingContext } from '../targeting/targeting-context';
import { useWorld } from '../targeting/use-world';
import { Button } from '../ui/button';
import { Tokens } from '../ui/combo';
import { Dialog } from '../ui/dialog';
import { Select, TextField } from '../ui/fields';
import { Part, type PartProps } from './wizard-parts';
import { keyFrom } from './wizard-draft';
import '../targeting/targeting.css';

/** Who takes part: the conditions of the targeting editor. */
export function AudiencePart({ draft, change, fault }: PartProps) {
  const t = useT();
  const { options } = useWorld();
  const pointerOf = (index: number): string => `/targetAudience/conditions/${index}`;
  const faults = useMemo(() => new Map(draft.conditions.flatMap((node, index) => nodeFaults(node, `/targetAudience/conditions/${index}`))), [draft.conditions]);
  const world = { ...options, type: draft.valueType, readOnly: false, faults, refused: new Map<string, string>() };
  return (
    <Part title={t('experiments.step.audience')} lead={t('experiments.lead.audience')}>
      <TargetingContext.Provider value={world}>
        <p className="small" role="status"><ConditionText conditions={draft.conditions.map(conditionOf)} /></p>
        <ConditionList nodes={draft.conditions} onChange={(conditions) => change({ conditions })} pointerOf={pointerOf} joined="and" />
      </TargetingContext.Provider>
      {fault('/targetAudience') !== undefined && <span className="fault">{fault('/targetAudience')}</span>}
      <div className="field"><span className="label">{t('experiments.audienceSegments')}</span><Tokens placeholder={t('experiments.chooseSegment')} label={t('experiments.audienceSegments')} values={draft.segments} onChange={(segments) => change({ segments })} options={options.segments} free={false} /><span className="hint">{t('experiments.audienceSegmentsHint')}</span></div>
      <div className="grid-2">
        <TextField label={t('experiments.bucketBy')} optional code value={draft.bucketBy} onChange={(bucketBy) => change({ bucketBy })} hint={t('experiments.bucketByHint')} placeholder="fleet_id" fault={fault('/bucketBy')} />
        <TextField label={t('experiments.layer')} optional code value={draft.layer} onChange={(layer) => change({ layer })} hint={t('experiments.layerHint')} fault={fault('/layer') ?? fault('/layer/key')} />
        {draft.layer !== '' && <TextField label={t('experiments.layerShare')} inputMode="decimal" value={draft.layerShare} onChange={(layerShare) => change({ layerShare })} fault={fault('/layer/share')} />}
      </div>
    </Part>
  );
}

function NewMetric({ onClose, onMade }: { onClose: () => void; onMade: (metric: MetricDefinition) => void }) {
  const t = useT();
  const [name, setName] = useState('');
  const [key, setKey] = useState('');
  const [type, setType] = useState<'conversion' | 'mean'>('conversion');
  const [direction, setDirection] = useState<'increase' | 'decrease'>('increase');
  const [unit, setUnit] = useState('');
  const shown = key === '' ? keyFrom(name) : key;
  const made = (): MetricDefinition => ({ key: shown, name, type, direction, ...(type === 'mean' ? { aggregation: 'mean' as const, population: 'converted' as const } : {}), ...(unit === '' ? {} : { unit }) });
  return (
    <Dialog title={t('experiments.newMetric')} open onClose={onClose} footer={<><Button onPress={onClose}>{t('common.cancel')}</Button><Button look="primary" isDisabled={shown === ''} onPress={() => { onMade(made()); onClose(); }}>{t('experiments.addMetric')}</Button></>}>
      <TextField label={t('common.name')} autoFocus value={name} onChange={setName} maxLength={256} />
      <TextField label={t('experiments.metricKey')} code value={shown} onChange={setKey} hint={t('experiments.metricKeyHint')} />
      <Select label={t('experiments.metricType')} value={type} onChange={setType} options={[{ value: 'conversion', label: t('experiments.metricTypes.conversion') }, { value: 'mean', label: t('experiments.metricTypes.mean') }]} />
      <Select label={t('experiments.direction')} value={direction} onChange={setDirection} options={[{ value: 'increase', label: t('experiments.directions.increase') }, { value: 'decrease', label: t('experiments.directions.decrease') }]} />
      <TextField label={t('experiments.metricUnit')} optional value={unit} onChange={setUnit} maxLength={64} />
    </Dialog>
  );
}

const lists = ['success', 'guardrail', 'safety'] as const;

/** What is measured: the first success metric decides, guardrails and safety must not get worse. */
export function MetricsPart({ draft, change, fault }: PartProps) {
  const t = useT();
  const known = useQuery(metricsQuery).data ?? [];
  const [making, setMaking] = useState<(typeof lists)[number] | null>(null);
  const options = [...draft.defined, ...known.filter(({ key }) => !draft.defined.some((one) => one.key === key))].map(({ key, name, type = 'conversion' }) => ({ id: key, label: name ?? key, detail: `${key} · ${t.maybe(`experiments.metricTypes.${type}`, type)}` }));
  return (
    <Part title={t('experiments.step.metrics')} lead={t('experiments.lead.metrics')}>
      {lists.map((list) => (
        <div key={list} className="field">
          <span className="label">{t(`experiments.${list}`)}</span>
          <Tokens label={t(`experiments.${list}`)} values={draft[list]} onChange={(values) => change({ [list]: values })} options={options} placeholder={t('experiments.chooseMetric')} invalid={fault(`/${list}Metrics`) !== undefined} />
          <span className="hint">{t(`experiments.${list}Hint`)}</span>
          {fault(`/${list}Metrics`) !== undefined && <span className="fault">{fault(`/${list}Metrics`)}</span>}
          <div><Button small look="ghost" icon="plus" onPress={() => setMaking(list)}>{t(`experiments.newMetricFor.${list}`)}</Button></div>
        </div>
      ))}
      {making !== null && <NewMetric onClose={() => setMaking(null)} onMade={(metric) => change({ defined: [...draft.defined.filter(({ key }) => key !== metric.key), metric], [making]: [...new Set([...draft[making], metric.key])] })} />}
    </Part>
  );
}

import type { ReactNode } from 'react';
import type { ExperimentType, FlagType } from '@pataka/contracts';
import { useQuery } from '@tanstack/react-query';
import { environmentsQuery } from '../api/catalogue';
import { useT } from '../i18n/intl';
import { Button, IconButton } from '../ui/button';
import { Tokens } from '../ui/combo';
import { Checkbox, Select, TextArea, TextField } from '../ui/fields';
import { templatesQuery } from './queries';
import { type Draft, equalWeights, keyFrom, newVariant, type VariantDraft, withTemplate } from './wizard-draft';
import { newUid } from '../targeting/condition-draft';

export interface PartProps { draft: Draft; change: (part: Partial<Draft>) => void; fault: (pointer: string) => string | undefined }

export function Part({ title, lead, children }: { title: string; lead: string; children: ReactNode }) {
  return <section className="card stack" aria-label={title}><div><h2>{title}</h2><p className="small soft">{lead}</p></div>{children}</section>;
}

const types: readonly ExperimentType[] = ['AB_TEST', 'MULTIVARIATE', 'BANDITS', 'GRADUAL_ROLLOUT'];

/** What is asked, and of which kind the answer is. */
export function QuestionPart({ draft, change, fault }: PartProps) {
  const t = useT();
  const templates = useQuery(templatesQuery).data ?? [];
  const environments = useQuery(environmentsQuery).data ?? [];
  return (
    <Part title={t('experiments.step.question')} lead={t('experiments.lead.question')}>
      <Select label={t('experiments.template')} hint={t('experiments.templateHint')} value="" onChange={(key: string) => { const found = templates.find((one) => one.key === key); if (found !== undefined) change(withTemplate(draft, found.experiment)); }}
        options={[{ value: '', label: t('experiments.noTemplate') }, ...templates.map(({ key, name }) => ({ value: key, label: t.maybe(`experiments.templates.${key}`, name) }))]} />
      <div className="grid-2">
        <TextField label={t('common.name')} required autoFocus maxLength={256} value={draft.name} onChange={(name) => change({ name, ...(draft.keyTouched ? {} : { key: keyFrom(name) }) })} fault={fault('/name')} />
        <TextField label={t('common.key')} code required maxLength={128} value={draft.key} onChange={(key) => change({ key, keyTouched: true })} hint={t('experiments.keyHint')} fault={fault('/key') ?? fault('/flagKey')} />
      </div>
      <TextArea label={t('experiments.hypothesis')} hint={t('experiments.hypothesisHint')} value={draft.hypothesis} onChange={(hypothesis) => change({ hypothesis })} maxLength={4000} fault={fault('/hypothesis')} />
      <div className="grid-2">
        <Select label={t('experiments.column.type')} value={draft.type} onChange={(type) => change({ type, factorial: type === 'MULTIVARIATE' && draft.factorial })} options={types.map((value) => ({ value, label: t(`experiments.type.${value}`) }))} hint={t(`experiments.typeHint.${draft.type}`)} fault={fault('/type')} />
        <Select label={t('experiments.environment')} value={draft.environment} onChange={(environment) => change({ environment })} options={environments.map(({ key, name }) => ({ value: key, label: name }))} fault={fault('/environment')} />
      </div>
    </Part>
  );
}

function VariantRow({ variant, index, draft, change, fault }: PartProps & { variant: VariantDraft; index: number }) {
  const t = useT();
  const set = (part: Partial<VariantDraft>): void => change({ variants: draft.variants.map((one) => (one.uid === variant.uid ? { ...one, ...part } : one)) });
  const remove = (): void => {
    const left = draft.variants.filter((one) => one.uid !== variant.uid);
    const weights = equalWeights(left.length);
    change({ variants: left.map((one, at) => ({ ...one, weight: weights[at]! })) });
  };
  return (
    <div className={`variant-row${draft.valueType === 'JSON' ? ' object' : ''}`}>
      <TextField label={t('experiments.variantId')} code value={variant.id} onChange={(id) => set({ id, ...(variant.config === variant.id && draft.valueType === 'STRING' ? { config: id } : {}) })} fault={fault(`/variants/${index}/id`)} />
      <TextField label={t('common.name')} value={variant.name} onChange={(name) => set({ name })} fault={fault(`/variants/${index}/name`)} />
      <TextField label={t('experiments.weightPercent')} inputMode="decimal" value={variant.weight} onChange={(weight) => set({ weight })} fault={fault(`/variants/${index}/weight`)} />
      {draft.valueType !== 'JSON' && <TextField label={t('experiments.served')} code value={variant.config} onChange={(config) => set({ config })} fault={fault(`/variants/${index}/config`)} />}
      <div className="row">
        {variant.isControl ? <span className="badge outline">{t('experiments.control')}</span> : <Button small look="ghost" onPress={() => change({ variants: draft.variants.map((one) => ({ ...one, isControl: one.uid === variant.uid })) })}>{t('experiments.makeControl')}</Button>}
        {draft.variants.length > 2 && <IconButton label={t('common.removeValue', { value: variant.name })} icon="trash" onPress={remove} />}
      </div>
      {draft.valueType === 'JSON' && <div className="variant-object"><TextArea label={t('experiments.served')} code rows={3} value={variant.config} onChange={(config) => set({ config })} fault={fault(`/variants/${index}/config`)} /></div>}
    </div>
  );
}

function Factors({ draft, change, fault }: PartProps) {
  const t = useT();
  return (
    <div className="stack">
      {draft.factors.map((factor, index) => {
        const set = (part: Partial<typeof factor>): void => change({ factors: draft.factors.map((one) => (one.uid === factor.uid ? { ...one, ...part } : one)) });
        return (
          <div key={factor.uid} className="grid-2">
            <TextField label={t('experiments.factor', { number: index + 1 })} code value={factor.name} onChange={(name) => set({ name })} fault={fault(`/factors/${index}/name`)} />
            <div className="field"><span className="label">{t('experiments.levels')}</span><Tokens label={t('experiments.levels')} values={factor.levels} onChange={(levels) => set({ levels })} invalid={fault(`/factors/${index}/levels`) !== undefined} /><span className="hint">{t('experiments.levelsHint')}</span></div>
          </div>
        );
      })}
      {draft.factors.length < 4 && <div><Button small icon="plus" onPress={() => change({ factors: [...draft.factors, { uid: newUid(), name: '', levels: [] }] })}>{t('experiments.addFactor')}</Button></div>}
    </div>
  );
}

const valueTypes: readonly FlagType[] = ['STRING', 'BOOLEAN', 'NUMBER', 'JSON'];

/** What there is to choose between. */
export function VariantsPart(props: PartProps) {
  const { draft, change, fault } = props;
  const t = useT();
  const sum = draft.variants.reduce((total, { weight }) => total + Number(weight), 0);
  const add = (): void => {
    const id = `variant_${String.fromCharCode(96 + draft.variants.length)}`;
    const weights = equalWeights(draft.variants.length + 1);
    change({ variants: [...draft.variants, newVariant(id, '', '0')].map((one, at) => ({ ...one, weight: weights[at]! })) });
  };
  return (
    <Part title={t('experiments.step.variants')} lead={t('experiments.lead.variants')}>
      {draft.type === 'MULTIVARIATE' && <Checkbox label={t('experiments.useFactors')} hint={t('experiments.useFactorsHint')} checked={draft.factorial} onChange={(factorial) => change({ factorial })} />}
      {draft.factorial ? <Factors {...props} /> : <>
        <Select label={t('experiments.valueType')} value={draft.valueType} onChange={(valueType) => change({ valueType })} options={valueTypes.map((value) => ({ value, label: t(`experiments.valueTypes.${value}`) }))} />
        <div className="rows">{draft.variants.map((variant, index) => <VariantRow key={variant.uid} variant={variant} index={index} {...props} />)}</div>
        <div className="row wrap between">
          <div className="row"><Button small icon="plus" onPress={add}>{t('experiments.addVariant')}</Button><Button small look="ghost" onPress={() => { const weights = equalWeights(draft.variants.length); change({ variants: draft.variants.map((one, at) => ({ ...one, weight: weights[at]! })) }); }}>{t('experiments.equal')}</Button></div>
          <span className={Math.abs(sum - 100) < 1e-6 ? 'small soft' : 'fault'} role="status">{t('experiments.weightSum', { sum: Number(sum.toFixed(3)) })}</span>
        </div>
        {fault('/variants') !== undefined && <span className="fault">{fault('/variants')}</span>}
      </>}
    </Part>
  );
}

import { useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import type { Metric, MetricDefinition, MetricType } from '@pataka/contracts';
import { metricsQuery } from '../api/catalogue';
import { at, isApiError, request } from '../api/client';
import { keys } from '../api/keys';
import { useMay } from '../api/session';
import { folded } from '../flags/flag-list';
import { useT } from '../i18n/intl';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Checkbox, SearchField, Select, TextArea, TextField } from '../ui/fields';
import { Page } from '../ui/page';
import { EmptyState, ErrorNotice, Loaded, Notice } from '../ui/states';
import { Table } from '../ui/table';
import { Time } from '../ui/time';
import { useChange } from './mutations';

type Aggregation = NonNullable<MetricDefinition['aggregation']>;
const types: readonly MetricType[] = ['conversion', 'mean', 'ratio', 'quantile'];
const aggregations: readonly Aggregation[] = ['sum', 'count', 'mean', 'max', 'last'];
const optional = (text: string): number | undefined => (text.trim() === '' ? undefined : Number(text));

interface Draft { key: string; name: string; description: string; type: MetricType; event: string; aggregation: Aggregation; denominatorEvent: string; quantile: string; direction: 'increase' | 'decrease'; unit: string; cap: string; windowHours: string; clientWritable: boolean }

const emptyDraft: Draft = { key: '', name: '', description: '', type: 'conversion', event: '', aggregation: 'sum', denominatorEvent: '', quantile: '0.95', direction: 'increase', unit: '', cap: '', windowHours: '', clientWritable: false };
const textOf = (value: number | undefined, otherwise: string): string => (value === undefined ? otherwise : String(value));

const draftOf = (metric: Metric | null): Draft => {
  if (metric === null) return emptyDraft;
  const { quantile, cap, windowHours, ...rest } = metric;
  const texts = { quantile: textOf(quantile, emptyDraft.quantile), cap: textOf(cap, ''), windowHours: textOf(windowHours, '') };
  const known = Object.fromEntries(Object.entries(rest).filter(([name, value]) => name in emptyDraft && value !== undefined));
  return { ...emptyDraft, ...known, ...texts };
};

/** Only what the type has, and only what was said. */
export const definitionOf = (draft: Draft): Partial<MetricDefinition> => {
  const [cap, windowHours] = [optional(draft.cap), optional(draft.windowHours)];
  return {
    name: draft.name === '' ? draft.key : draft.name, description: draft.description, type: draft.type, direction: draft.direction, clientWritable: draft.clientWritable, ...(draft.event === '' ? {} : { event: draft.event }), ...(draft.unit === '' ? {} : { unit: draft.unit }),
    ...(draft.type === 'conversion' ? {} : { aggregation: draft.aggregation }), ...(draft.type === 'ratio' ? { denominatorEvent: draft.denominatorEvent } : {}), ...(draft.type === 'quantile' ? { quantile: Number(draft.quantile) } : {}),
    ...(cap === undefined ? {} : { cap }), ...(windowHours === undefined ? {} : { windowHours }),
  };
};

function MetricDialog({ metric, onClose }: { metric: Metric | null; onClose: () => void }) {
  const t = useT();
  const [draft, setDraft] = useState(() => draftOf(metric));
  const set = (part: Partial<Draft>): void => setDraft({ ...draft, ...part });
  const save = useChange(() => (metric === null ? request('POST', '/api/metrics', { body: { key: draft.key, ...definitionOf(draft) } }) : request('PATCH', at`/api/metrics/${metric.key}`, { body: definitionOf(draft), version: metric.version })), { renew: keys.metrics, done: t('common.saved'), onDone: onClose });
  return (
    <Dialog wide title={metric === null ? t('administration.metrics.new') : metric.name ?? metric.key} open onClose={onClose} footer={<><Button onPress={onClose}>{t('common.cancel')}</Button><Button look="primary" pending={save.isPending} isDisabled={draft.key === ''} onPress={() => save.mutate(undefined)}>{t('common.save')}</Button></>}>
      <div className="grid-2"><TextField label={t('common.name')} value={draft.name} onChange={(name) => set({ name })} /><TextField label={t('common.key')} code value={draft.key} disabled={metric !== null} onChange={(key) => set({ key })} hint={t('administration.keyHint')} /></div>
      <div className="grid-2">
        <Select label={t('administration.metrics.type')} value={draft.type} onChange={(type) => set({ type })} options={types.map((value) => ({ value, label: t(`administration.metrics.type.${value}`) }))} hint={t(`administration.metrics.type.${draft.type}.hint`)} />
        <Select label={t('administration.metrics.direction')} value={draft.direction} onChange={(direction) => set({ direction })} options={(['increase', 'decrease'] as const).map((value) => ({ value, label: t(`administration.metrics.${value}`) }))} />
        <TextField label={t('administration.metrics.event')} code optional placeholder={draft.key} value={draft.event} onChange={(event) => set({ event })} hint={t('administration.metrics.eventHint')} />
        {draft.type !== 'conversion' && <Select label={t('administration.metrics.aggregation')} value={draft.aggregation} onChange={(aggregation) => set({ aggregation })} options={aggregations.map((value) => ({ value, label: t(`administration.metrics.aggregation.${value}`) }))} />}
        {draft.type === 'ratio' && <TextField label={t('administration.metrics.denominator')} code value={draft.denominatorEvent} onChange={(denominatorEvent) => set({ denominatorEvent })} />}
        {draft.type === 'quantile' && <TextField label={t('administration.metrics.quantile')} inputMode="decimal" value={draft.quantile} onChange={(quantile) => set({ quantile })} />}
        <TextField label={t('administration.metrics.unit')} optional value={draft.unit} onChange={(unit) => set({ unit })} placeholder="km/L, ₹" />
        <TextField label={t('administration.metrics.cap')} optional inputMode="decimal" value={draft.cap} onChange={(cap) => set({ cap })} hint={t('administration.metrics.capHint')} />
        <TextField label={t('administration.metrics.window')} optional inputMode="numeric" value={draft.windowHours} onChange={(windowHours) => set({ windowHours })} hint={t('administration.metrics.windowHint')} />
      </div>
      <TextArea label={t('common.description')} optional value={draft.description} onChange={(description) => set({ description })} />
      <Checkbox label={t('administration.metrics.clientWritable')} hint={t('administration.metrics.clientWritableHint')} checked={draft.clientWritable} onChange={(clientWritable) => set({ clientWritable })} />
      {metric !== null && <Notice>{t('administration.metrics.past')}</Notice>}
      {isApiError(save.error, 'version-conflict') ? <Notice look="warn">{t('administration.conflict')}</Notice> : save.isError && <ErrorNotice error={save.error} />}
    </Dialog>
  );
}

export function MetricsPage() {
  const t = useT();
  const may = useMay('manage');
  const query = useQuery(metricsQuery);
  const [text, setText] = useState('');
  const [edited, setEdited] = useState<Metric | 'new' | null>(null);
  return (
    <Page title={t('common.nav.metrics')} description={t('administration.metrics.lead')} actions={may ? <Button look="primary" icon="plus" onPress={() => setEdited('new')}>{t('administration.metrics.new')}</Button> : undefined}>
      <Loaded query={query}>{(metrics) => (metrics.length === 0 ? <EmptyState icon="ruler" title={t('administration.metrics.none')}>{t('administration.metrics.noneHint')}</EmptyState> : <>
        <div className="toolbar"><SearchField label={t('common.search')} value={text} onChange={setText} /></div>
        <Table label={t('common.nav.metrics')} rows={metrics.filter(({ key, name }) => folded(`${key} ${name ?? ''}`).includes(folded(text)))} rowKey={({ key }) => key} columns={[
          { id: 'name', header: t('common.name'), cell: (metric) => <div><span className="strong">{metric.name ?? metric.key}</span><div className="key tiny faint">{metric.key}</div></div> },
          { id: 'type', header: t('administration.metrics.type'), cell: (metric) => t(`administration.metrics.type.${metric.type ?? 'conversion'}`) },
          { id: 'direction', header: t('administration.metrics.direction'), cell: (metric) => t(`administration.metrics.${metric.direction ?? 'increase'}`) },
          { id: 'unit', header: t('administration.metrics.unit'), cell: (metric) => metric.unit ?? '' },
          { id: 'updated', header: t('administration.updated'), cell: (metric) => <Time at={metric.updatedAt} relative /> },
          { id: 'actions', header: t('common.actions'), hideHeader: true, cell: (metric) => may && <Button small icon="edit" aria-label={t('administration.metrics.edit', { metric: metric.name ?? metric.key })} onPress={() => setEdited(metric)}>{t('common.edit')}</Button> },
        ]} />
      </>)}</Loaded>
      {edited !== null && <MetricDialog metric={edited === 'new' ? null : edited} onClose={() => setEdited(null)} />}
    </Page>
  );
}

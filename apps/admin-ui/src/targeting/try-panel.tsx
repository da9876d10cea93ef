import { useDeferredValue, useMemo, useState } from 'react';
import { useMutation } from '@tanstack/react-query';
import type { ExplainAnswer, Flag, JsonObject } from '@pataka/contracts';
import type { Explanation } from '@pataka/evaluation';
import { at, get, type Page, request } from '../api/client';
import { useT } from '../i18n/intl';
import { Button } from '../ui/button';
import { Segmented, Select, TextArea } from '../ui/fields';
import { ErrorNotice, Notice } from '../ui/states';
import { Time } from '../ui/time';
import { ExplainView } from './explain-view';
import { InstantField } from './instant-field';
import { explainDraft, type World } from './preview';

const personas = {
  pune: { targetingKey: 'driver-7', fleet_id: 'fleet-12', fleet_size: 40, region: 'pune', language: 'mr', vehicle_type: 'truck', role: 'driver', app_version: '4.2.0', payment_methods: ['upi', 'fastag'] },
  kochi: { targetingKey: 'driver-42', fleet_id: 'fleet-3', fleet_size: 120, region: 'kochi', language: 'ml', vehicle_type: 'bus', role: 'driver', app_version: '4.0.0', payment_methods: ['upi'] },
  lucknow: { targetingKey: 'owner-9', fleet_id: 'fleet-77', fleet_size: 8, region: 'lucknow', language: 'hi-IN', vehicle_type: 'van', role: 'owner', app_version: '4.3.1', payment_methods: ['rupay', 'wallet'] },
} as const satisfies Record<string, JsonObject>;
type Persona = keyof typeof personas;

const parsed = (text: string): JsonObject | null => {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
  } catch {
    return null;
  }
};

/** The context of somebody who was served something by an experiment: what was recorded, newest first. */
const recordedOf = async (key: string): Promise<JsonObject | null> => {
  const { items } = await get<Page<{ attributes?: JsonObject }>>(at`/api/subjects/${key}/exposures`, { order: 'desc', limit: 1 });
  return items[0] === undefined ? null : { ...items[0].attributes, targetingKey: key };
};

function Served({ flag, environment, context, instant }: { flag: Flag; environment: string; context: JsonObject | null; instant: string }) {
  const t = useT();
  const asked = useMutation({ mutationFn: async () => (await request<ExplainAnswer<Explanation>>('POST', '/v1/explain', { body: { flagKey: flag.key, environment, context, ...(instant === '' ? {} : { at: instant }) } })).data });
  return (
    <>
      <Button look="primary" icon="play" pending={asked.isPending} isDisabled={context === null} onPress={() => asked.mutate()}>{t('targeting.try.ask')}</Button>
      {asked.isError && <ErrorNotice error={asked.error} />}
      {asked.data !== undefined && <>
        <div className="tiny faint">{t(`targeting.try.basis.${asked.data.basis.kind}`)} <Time at={asked.data.at} />{asked.data.lastChange !== undefined && <> · {t('targeting.try.lastChange', { actor: asked.data.lastChange.actor })} <Time at={asked.data.lastChange.at} /></>}</div>
        {asked.data.notes.map((note) => <Notice key={note}>{note}</Notice>)}
        <ExplainView explanation={asked.data.explanation} />
      </>}
    </>
  );
}

function Drafted({ draft, environment, context, instant, world }: { draft: Flag | null; environment: string; context: JsonObject | null; instant: string; world: World }) {
  const t = useT();
  const followed = useDeferredValue(draft);
  const [openedAt] = useState(Date.now);
  const explained = useMemo(
    () => (followed === null || context === null ? null : explainDraft(world, followed, environment, context, instant === '' ? openedAt : Date.parse(instant))),
    [world, followed, environment, context, instant, openedAt],
  );
  if (followed === null) return <Notice look="warn">{t('targeting.try.faulty')}</Notice>;
  if (explained === null) return null;
  return typeof explained === 'string' ? <Notice look="bad">{explained}</Notice> : <ExplainView explanation={explained} />;
}

/** Who gets this: anybody, by the draft as it is being edited or by what is served, now or at another time. */
export function TryPanel({ flag, draft, environment, world }: { flag: Flag; draft: Flag | null; environment: string; world: World }) {
  const t = useT();
  const [mode, setMode] = useState<'draft' | 'served'>('draft');
  const [persona, setPersona] = useState<Persona | ''>('pune');
  const [text, setText] = useState(() => JSON.stringify(personas.pune, null, 2));
  const [instant, setInstant] = useState('');
  const context = useMemo(() => parsed(text), [text]);
  const recorded = useMutation({ mutationFn: recordedOf, onSuccess: (found) => { if (found !== null) setText(JSON.stringify(found, null, 2)); } });
  const choose = (name: Persona | ''): void => {
    setPersona(name);
    if (name !== '') setText(JSON.stringify(personas[name], null, 2));
  };
  return (
    <section className="card stack" aria-labelledby="try-title">
      <div className="row between wrap"><h2 id="try-title">{t('targeting.try.title')}</h2><Segmented label={t('targeting.try.mode')} value={mode} onChange={setMode} options={[{ value: 'draft', label: t('targeting.try.draft') }, { value: 'served', label: t('targeting.try.served') }]} /></div>
      <Select label={t('targeting.try.persona')} value={persona} onChange={choose} options={[{ value: '', label: t('targeting.try.own') }, ...(Object.keys(personas) as Persona[]).map((value) => ({ value, label: t(`targeting.try.persona.${value}`) }))]} />
      <TextArea label={t('targeting.try.context')} code rows={7} value={text} onChange={(next) => { setPersona(''); setText(next); }} fault={context === null ? t('targeting.try.noJson') : undefined} />
      {typeof context?.['targetingKey'] === 'string' && <div className="row wrap"><Button small icon="history" pending={recorded.isPending} onPress={() => recorded.mutate(String(context['targetingKey']))}>{t('targeting.try.recorded')}</Button>{recorded.data === null && <span className="small faint">{t('targeting.try.nothingRecorded')}</span>}</div>}
      <InstantField label={t('targeting.try.at')} value={instant} onChange={setInstant} hint={t(mode === 'draft' ? 'targeting.try.atDraft' : 'targeting.try.atServed')} />
      {mode === 'draft' ? <Drafted draft={draft} environment={environment} context={context} instant={instant} world={world} /> : <Served flag={flag} environment={environment} context={context} instant={instant} />}
    </section>
  );
}

import { useState } from 'react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import type { CalendarPeriod } from '@pataka/contracts';
import { at, isApiError, request } from '../api/client';
import { calendarQuery, regionsQuery, type StoredCalendar } from '../api/catalogue';
import { keys } from '../api/keys';
import { useMay } from '../api/session';
import { useT } from '../i18n/intl';
import { Button, IconButton } from '../ui/button';
import { Tokens } from '../ui/combo';
import { CopyButton } from '../ui/copy';
import { sameDocument } from '../ui/diff';
import { Confirm } from '../ui/dialog';
import { Select, TextField } from '../ui/fields';
import { Page } from '../ui/page';
import { ErrorNotice, Loaded, Notice } from '../ui/states';
import { toast } from '../ui/toast';
import { useChange } from './mutations';
import { yearsOf } from './year';
import { YearView } from './year-view';
import './administration.css';

const route = getRouteApi('/shell/calendars/$key');

function Period({ period, index, regions, disabled, onChange, onRemove }: { period: CalendarPeriod; index: number; regions: readonly { id: string; label: string }[]; disabled: boolean; onChange: (period: CalendarPeriod) => void; onRemove: () => void }) {
  const t = useT();
  const backwards = period.from !== '' && period.until !== '' && period.from > period.until;
  return (
    <li className="period">
      <span className={`swatch s${(index % 6) + 1}`} aria-hidden="true" />
      <TextField label={t('common.name')} optional value={period.name ?? ''} disabled={disabled} onChange={(name) => { const { name: _name, ...rest } = period; onChange(name === '' ? rest : { ...rest, name }); }} />
      <TextField type="date" label={t('administration.calendars.from')} value={period.from} disabled={disabled} onChange={(from) => onChange({ ...period, from })} />
      <TextField type="date" label={t('administration.calendars.until')} value={period.until} disabled={disabled} onChange={(until) => onChange({ ...period, until })} fault={backwards ? t('administration.calendars.backwards') : undefined} />
      <div className="field"><span className="label">{t('administration.calendars.regions')}</span><Tokens label={t('administration.calendars.regions')} values={period.regions ?? []} options={regions} disabled={disabled} placeholder={t('administration.calendars.everywhere')} onChange={(chosen) => { const { regions: _regions, ...rest } = period; onChange(chosen.length === 0 ? rest : { ...rest, regions: chosen }); }} /></div>
      {!disabled && <IconButton label={t('administration.calendars.removePeriod', { number: index + 1 })} icon="trash" onPress={onRemove} />}
    </li>
  );
}

function Editor({ calendar }: { calendar: StoredCalendar }) {
  const t = useT();
  const client = useQueryClient();
  const may = useMay('manage');
  const regions = (useQuery(regionsQuery).data ?? []).map(({ key, name }) => ({ id: key, label: name ?? key }));
  const [base, setBase] = useState(calendar);
  const [name, setName] = useState(calendar.name ?? '');
  const [timezone, setTimezone] = useState(calendar.timezone);
  const [periods, setPeriods] = useState(calendar.periods);
  const thisYear = new Date().getFullYear();
  const years = yearsOf(periods, thisYear);
  const [year, setYear] = useState(years.find((one) => periods.some(({ from }) => from.startsWith(String(one)))) ?? thisYear);
  const body = { key: calendar.key, ...(name === '' ? {} : { name }), timezone, periods };
  const dirty = !sameDocument(body, { key: base.key, ...(base.name === undefined ? {} : { name: base.name }), timezone: base.timezone, periods: base.periods });
  const complete = periods.every(({ from, until }) => from !== '' && until !== '' && from <= until);
  const save = useMutation({
    mutationFn: async (version: number | undefined) => (await request<StoredCalendar>('PUT', at`/api/calendars/${calendar.key}`, { body, version })).data,
    onSuccess: (now) => { client.setQueryData(keys.calendar(calendar.key), now); void client.invalidateQueries({ queryKey: keys.calendars, exact: true }); setBase(now); toast(t('common.saved')); },
    onError: () => void client.invalidateQueries({ queryKey: keys.calendar(calendar.key) }),
  });
  const conflict = isApiError(save.error, 'version-conflict');
  return (
    <div className="stack">
      <section className="card stack">
        <div className="row between wrap"><h2>{t('administration.calendars.drawn')}</h2><Select small hideLabel label={t('administration.calendars.whichYear')} value={String(year)} onChange={(next) => setYear(Number(next))} options={years.map((one) => ({ value: String(one), label: String(one) }))} /></div>
        <YearView year={year} periods={periods} />
      </section>
      <section className="card stack">
        <div className="grid-2"><TextField label={t('common.name')} value={name} disabled={!may} onChange={setName} /><TextField label={t('administration.calendars.zone')} value={timezone} disabled={!may} onChange={setTimezone} hint={t('administration.calendars.zoneHint')} /></div>
        <h2>{t('administration.calendars.periods')}</h2>
        <ol className="stack">{periods.map((period, index) => <Period key={index} period={period} index={index} regions={regions} disabled={!may} onChange={(next) => setPeriods(periods.with(index, next))} onRemove={() => setPeriods(periods.filter((_, other) => other !== index))} />)}</ol>
        {may && <div><Button small icon="plus" onPress={() => setPeriods([...periods, { from: `${year}-01-01`, until: `${year}-01-01` }])}>{t('administration.calendars.addPeriod')}</Button></div>}
      </section>
      {conflict && <Notice look="warn">{t('administration.conflict')}</Notice>}
      {save.isError && !conflict && <ErrorNotice error={save.error} />}
      {dirty && may && <div className="sticky-bar" role="region" aria-label={t('administration.unsaved')}><span className="small">{complete ? t('administration.unsaved') : t('administration.calendars.incomplete')}</span><Button look={conflict ? 'danger' : 'primary'} pending={save.isPending} isDisabled={!complete} onPress={() => save.mutate(conflict ? calendar.version : base.version)}>{t(conflict ? 'administration.saveMine' : 'common.save')}</Button></div>}
    </div>
  );
}

export function CalendarPage() {
  const t = useT();
  const may = useMay('manage');
  const navigate = useNavigate();
  const { key } = route.useParams();
  const query = useQuery(calendarQuery(key));
  const [removing, setRemoving] = useState(false);
  const remove = useChange((version: number | undefined) => request('DELETE', at`/api/calendars/${key}`, { version }), { renew: keys.calendars, done: t('common.removedDone'), onDone: () => void navigate({ to: '/calendars' }) });
  return (
    <Page title={query.data?.name ?? key} crumbs={[{ label: t('common.nav.calendars'), to: '/calendars' }]} description={<span className="row"><code className="key">{key}</code><CopyButton text={key} /></span>} actions={may ? <Button icon="trash" onPress={() => setRemoving(true)}>{t('common.remove')}</Button> : undefined}>
      <Loaded query={query}>{(calendar) => <Editor key={key} calendar={calendar} />}</Loaded>
      {removing && <Confirm open danger title={t('administration.removeTitle', { name: key })} confirm={t('common.remove')} pending={remove.isPending} error={remove.error} onClose={() => setRemoving(false)} onConfirm={() => remove.mutate(query.data?.version)}><p>{t('administration.calendars.removeWhat')}</p></Confirm>}
    </Page>
  );
}

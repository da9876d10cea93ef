import { useDeferredValue, useEffect, useState } from 'react';
import type { Flag } from '@pataka/contracts';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { at, get, isApiError } from '../api/client';
import { environmentsQuery } from '../api/catalogue';
import { useFlags } from '../flags/flag-store';
import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import { Select } from '../ui/fields';
import { EmptyState, Loaded, Skeleton } from '../ui/states';
import { Table } from '../ui/table';

const MOST = 50;
const PAUSE_MS = 300;

/** null: it was not there yet. */
const flagThen = async (key: string, instant: string, signal: AbortSignal): Promise<Flag | null> => {
  try {
    return await get<Flag>(at`/api/flags/${key}`, { at: instant }, signal);
  } catch (error) {
    if (isApiError(error, 'not-found', 'flag-not-found')) return null;
    throw error;
  }
};

const useSettled = <T,>(value: T): T => {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
};

const stateOf = (flag: Flag | null, environment: string): 'absent' | 'on' | 'off' | 'archived' => {
  if (flag === null) return 'absent';
  if (flag.status === 'ARCHIVED') return 'archived';
  return flag.status === 'ACTIVE' && flag.environments[environment]?.enabled === true ? 'on' : 'off';
};
const looks = { on: 'good', off: '', archived: 'outline', absent: 'outline' } as const;

/** A time slider over the log: every flag as it was at an instant, beside how it is. */
export function PastFlags() {
  const t = useT();
  const formats = useFormats();
  const { flags, isPending } = useFlags();
  const environments = useQuery(environmentsQuery).data ?? [];
  const [environment, setEnvironment] = useState('production');
  const [now] = useState(() => Date.now());
  const [back, setBack] = useState(0);
  const shown = [...flags].sort((a, b) => ((a.updatedAt ?? '') < (b.updatedAt ?? '') ? 1 : -1)).slice(0, MOST);
  const start = Math.min(now - 60_000, ...flags.map(({ createdAt }) => (createdAt === undefined ? now : Date.parse(createdAt)) - 60_000));
  const moment = useDeferredValue(now - back * (now - start));
  const instant = useSettled(new Date(Math.round(moment / 1000) * 1000).toISOString());
  const query = useQuery({ queryKey: ['flags-then', instant, shown.map(({ key }) => key).join(' ')], enabled: shown.length > 0, staleTime: Infinity, placeholderData: keepPreviousData, queryFn: ({ signal }) => Promise.all(shown.map(async ({ key }) => ({ key, then: await flagThen(key, instant, signal) }))) });
  if (isPending) return <Skeleton />;
  if (flags.length === 0) return <EmptyState icon="history" title={t('live.noFlags')} />;
  return (
    <div className="stack">
      <div className="card stack">
        <div className="row between wrap"><label htmlFor="time-slider" className="label">{t('live.slider')}</label><output htmlFor="time-slider" className="strong" aria-live="polite">{back === 0 ? t('common.now') : formats.dateTime(moment)}</output></div>
        <input id="time-slider" type="range" min={0} max={1} step={0.002} value={1 - back} onChange={(event) => setBack(1 - Number(event.target.value))} aria-valuetext={formats.dateTime(moment)} />
        <div className="row between tiny faint"><span>{formats.dateTime(start)}</span><span>{t('common.now')}</span></div>
        <Select small label={t('live.environment')} value={environment} onChange={setEnvironment} options={environments.map(({ key, name }) => ({ value: key, label: name }))} />
      </div>
      <Loaded query={query}>{(rows) => (
        <Table
          label={t('live.then')} rows={rows} rowKey={(row) => row.key}
          columns={[
            { id: 'flag', header: t('live.flag'), cell: ({ key }) => <Link to="/flags/$key" params={{ key }} className="key">{key}</Link> },
            { id: 'then', header: t('live.stateThen'), cell: ({ then }) => <span className={`badge ${looks[stateOf(then, environment)]}`}>{t(`live.flagState.${stateOf(then, environment)}`)}</span> },
            { id: 'now', header: t('live.stateNow'), cell: ({ key }) => { const state = stateOf(flags.find((one) => one.key === key) ?? null, environment); return <span className={`badge ${looks[state]}`}>{t(`live.flagState.${state}`)}</span>; } },
            { id: 'rules', header: t('live.rules'), numeric: true, cell: ({ then }) => (then === null ? '–' : formats.number(then.environments[environment]?.rules.length ?? 0)) },
            { id: 'version', header: t('live.version'), numeric: true, cell: ({ then }) => (then === null ? '–' : formats.number(then.version ?? 0)) },
          ]}
        />
      )}</Loaded>
      {flags.length > MOST && <p className="small faint">{t('live.most', { most: MOST })}</p>}
    </div>
  );
}

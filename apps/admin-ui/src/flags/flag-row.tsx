import { memo } from 'react';
import type { Environment, Flag } from '@pataka/contracts';
import { at } from '../api/client';
import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import { Switch } from '../ui/switch';
import { Time } from '../ui/time';
import type { AskSwitch } from './environment-switch';
import { StaleBadge, StatusBadge } from './flag-badges';
import type { Select } from './selection';

const MOST_TAGS = 2;

interface RowProps { flag: Flag; index: number; top: number; environments: readonly Environment[]; may: boolean; chosen: boolean; onSwitch: AskSwitch; onSelect: Select }

/** Drawn by the dozen at each turn of the wheel: elements of the browser alone, and no subscription of its own. The table follows the link. */
export const FlagRow = memo(function FlagRow({ flag, index, top, environments, may, chosen, onSwitch, onSelect }: RowProps) {
  const formats = useFormats();
  const t = useT();
  const name = flag.name ?? flag.key;
  return (
    <div role="row" aria-rowindex={index + 2} className={chosen ? 'flag-row chosen' : 'flag-row'} data-index={index} style={{ transform: `translateY(${top}px)` }}>
      {may && <div role="cell" className="flag-choose"><input type="checkbox" aria-label={t('flags.bulk.choose', { flag: name })} checked={chosen} onChange={(event) => onSelect(flag.key, event.target.checked, (event.nativeEvent as MouseEvent).shiftKey)} /></div>}
      <div role="cell" className="flag-name">
        <a href={at`/flags/${flag.key}`} data-key={flag.key} className="truncate strong">{name}</a>
        <span className="row flag-meta">
          <span className="key tiny faint truncate">{flag.key}</span>
          {(flag.tags ?? []).slice(0, MOST_TAGS).map((tag) => <span key={tag} className="tag truncate">{tag}</span>)}
          {(flag.tags ?? []).length > MOST_TAGS && <span className="tiny faint nowrap" title={flag.tags!.slice(MOST_TAGS).join(', ')}>+{flag.tags!.length - MOST_TAGS}</span>}
        </span>
      </div>
      {environments.map((environment) => (
        <div role="cell" key={environment.key} className="flag-environment">
          <span className="tiny faint flag-environment-name" aria-hidden="true">{environment.name}</span>
          <Switch label={t('flags.switch.label', { flag: name, environment: environment.key })} on={flag.environments[environment.key]?.enabled === true} disabled={!may || flag.status === 'ARCHIVED'} words={false} onChange={(on) => onSwitch(flag, environment.key, on)} />
        </div>
      ))}
      <div role="cell" className="flag-state"><StatusBadge status={flag.status} /><StaleBadge flag={flag} /></div>
      <div role="cell" className="flag-type small soft">{t(`flags.type.${flag.type}`)}</div>
      <div role="cell" className="flag-last small soft">{flag.lastEvaluated === null || flag.lastEvaluated === undefined ? <span className="faint">{t('common.never')}</span> : <Time at={flag.lastEvaluated} relative />}</div>
      <div role="cell" className="flag-count small soft">{formats.number(flag.evaluationCount ?? 0)}</div>
    </div>
  );
});

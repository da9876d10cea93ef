import { useT } from '../i18n/intl';
import { Button, IconButton } from '../ui/button';
import { Combo } from '../ui/combo';
import { TextField } from '../ui/fields';
import { newUid } from './condition-draft';
import { InstantField } from './instant-field';
import { type ScheduleDraft, type WindowDraft, ZONE } from './rule-draft';
import { useTargeting } from './targeting-context';
import { useFault } from './use-fault';

const days = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'] as const;
const zones = ['Asia/Kolkata', 'UTC', 'Asia/Dubai', 'Asia/Kathmandu', 'Asia/Dhaka', 'Asia/Colombo', 'Asia/Singapore', 'Europe/London', 'America/New_York'];

const emptyWindow = (): WindowDraft => ({ uid: newUid(), days: ['MON', 'TUE', 'WED', 'THU', 'FRI'], start: '10:00', end: '17:00', timezone: ZONE });

function Window({ window, onChange, onRemove, pointer }: { window: WindowDraft; onChange: (window: WindowDraft) => void; onRemove: () => void; pointer: string }) {
  const t = useT();
  const { readOnly } = useTargeting();
  const endFault = useFault(`${pointer}/end`);
  const zoneFault = useFault(`${pointer}/timezone`);
  return (
    <div className="schedule-window">
      <div className="days" role="group" aria-label={t('targeting.schedule.days')}>
        {days.map((day) => (
          <label key={day}><input type="checkbox" disabled={readOnly} checked={window.days.length === 0 || window.days.includes(day)} onChange={(event) => {
            const now = window.days.length === 0 ? [...days] : window.days;
            const next = event.target.checked ? days.filter((one) => now.includes(one) || one === day) : now.filter((one) => one !== day);
            if (next.length > 0) onChange({ ...window, days: [...next] });
          }} /><span>{t(`targeting.day.${day}`)}</span></label>
        ))}
      </div>
      <div className="row wrap top">
        <TextField small type="time" label={t('targeting.schedule.start')} value={window.start} disabled={readOnly} onChange={(start) => onChange({ ...window, start })} />
        <TextField small label={t('targeting.schedule.end')} value={window.end} disabled={readOnly} onChange={(end) => onChange({ ...window, end })} pattern="(([01]\d|2[0-3]):[0-5]\d|24:00)" placeholder="17:00" fault={endFault} />
        <div className="field grow"><span className="label">{t('targeting.schedule.zone')}</span><Combo label={t('targeting.schedule.zone')} free value={window.timezone} disabled={readOnly} onChange={(timezone) => onChange({ ...window, timezone })} options={zones.map((id) => ({ id, label: id }))} invalid={zoneFault !== undefined} />{zoneFault !== undefined && <span className="fault">{zoneFault}</span>}</div>
        {!readOnly && <IconButton label={t('targeting.schedule.removeWindow')} icon="trash" onPress={onRemove} />}
      </div>
    </div>
  );
}

/** From when, until when, and in which hours of which days, each with its zone. */
export function ScheduleEditor({ schedule, onChange, pointer }: { schedule: ScheduleDraft; onChange: (schedule: ScheduleDraft) => void; pointer: string }) {
  const t = useT();
  const { readOnly } = useTargeting();
  const setWindows = (windows: WindowDraft[]): void => onChange({ ...schedule, windows });
  return (
    <div className="stack">
      <div className="grid-2">
        <InstantField label={t('targeting.schedule.from')} value={schedule.from} disabled={readOnly} onChange={(from) => onChange({ ...schedule, from })} fault={useFault(`${pointer}/from`)} />
        <InstantField label={t('targeting.schedule.until')} value={schedule.until} disabled={readOnly} onChange={(until) => onChange({ ...schedule, until })} fault={useFault(`${pointer}/until`)} />
      </div>
      {schedule.windows.map((window, index) => (
        <Window key={window.uid} window={window} pointer={`${pointer}/windows/${index}`} onChange={(next) => setWindows(schedule.windows.with(index, next))} onRemove={() => setWindows(schedule.windows.filter((one) => one.uid !== window.uid))} />
      ))}
      {!readOnly && <div><Button small look="ghost" icon="plus" onPress={() => setWindows([...schedule.windows, emptyWindow()])}>{t('targeting.schedule.addWindow')}</Button></div>}
      <p className="hint">{t('targeting.schedule.hint')}</p>
    </div>
  );
}

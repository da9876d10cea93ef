import { useMemo } from 'react';
import type { CalendarPeriod } from '@pataka/contracts';
import { useLocale } from '../i18n/intl';
import { useT } from '../i18n/intl';
import { locales } from '../i18n/locales';
import { yearOf } from './year';

const LOOKS = 6;

/** A year at a glance: every day of every period in its colour. The list of periods says the same in words. */
export function YearView({ year, periods }: { year: number; periods: readonly CalendarPeriod[] }) {
  const t = useT();
  const { format } = locales[useLocale()];
  const months = useMemo(() => yearOf(year, periods), [year, periods]);
  const names = useMemo(() => new Intl.DateTimeFormat(format, { month: 'long', timeZone: 'UTC' }), [format]);
  return (
    <div className="year" role="img" aria-label={t('administration.calendars.year', { year: String(year) })}>
      {months.map((days, month) => (
        <div key={month} className="month">
          <div className="tiny strong">{names.format(Date.UTC(year, month, 1))}</div>
          <div className="month-days">
            {days.map((day, index) => {
              const at = day.periods[0];
              return <i key={day.date} className={at === undefined ? '' : `s${(at % LOOKS) + 1} in`} style={index === 0 ? { gridColumnStart: day.weekday + 1 } : undefined} title={`${day.date}${at === undefined ? '' : ` · ${periods[at]?.name ?? ''}`}`}>{day.day}</i>;
            })}
          </div>
        </div>
      ))}
    </div>
  );
}

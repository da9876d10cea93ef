import { useFormats } from '../i18n/format';

/** An instant in IST with its zone; hovering tells UTC. `relative` says how long ago and keeps the rest for hovering. */
export function Time({ at, relative, dateOnly }: { at: string | number | null | undefined; relative?: boolean; dateOnly?: boolean }) {
  const formats = useFormats();
  if (at === null || at === undefined) return <span className="faint">–</span>;
  const instant = new Date(at);
  if (Number.isNaN(instant.getTime())) return <span>{String(at)}</span>;
  const full = formats.dateTime(instant);
  const shown = relative === true ? formats.relative(instant) : dateOnly === true ? formats.date(instant) : full;
  return <time dateTime={instant.toISOString()} title={`${full} · ${instant.toISOString()}`} className="nowrap">{shown}</time>;
}

const OFFSET = '+05:30';
const OFFSET_MS = (5 * 60 + 30) * 60_000;
const MINUTE_MS = 60_000;

/** `2026-07-01T00:00` of an instant, as clocks in India show it; null for what is no instant, or not one of whole minutes. */
export const localOfInstant = (instant: string): string | null => {
  const ms = Date.parse(instant);
  return Number.isNaN(ms) || ms % MINUTE_MS !== 0 ? null : new Date(ms + OFFSET_MS).toISOString().slice(0, 16);
};

/** The instant at which clocks in India show a local time, written with their offset. */
export const instantOfLocal = (local: string): string => (local === '' ? '' : `${local}:00${OFFSET}`);

import { useCallback, useMemo, useRef, useState } from 'react';
import type { Flag } from '@pataka/contracts';

/** What a row's checkbox or key asks for; with `range` everything from the row before is meant. */
export type Select = (key: string, on: boolean, range: boolean) => void;

/** The keys that are chosen once everything between two rows is switched on or off, in the order that is shown. */
export const selectRange = (flags: readonly Flag[], chosen: ReadonlySet<string>, anchor: string | null, key: string, on: boolean): Set<string> => {
  const next = new Set(chosen);
  const to = flags.findIndex((flag) => flag.key === key);
  const from = anchor === null ? to : flags.findIndex((flag) => flag.key === anchor);
  const [first, last] = from < 0 ? [to, to] : [Math.min(from, to), Math.max(from, to)];
  for (const flag of flags.slice(Math.max(0, first), last + 1)) {
    if (on) next.add(flag.key);
    else next.delete(flag.key);
  }
  return next;
};

const nothing: ReadonlySet<string> = new Set();

/** Which of the flags shown are chosen. What a filter hides is not: nobody changes what they don't see. */
export const useSelection = (flags: readonly Flag[]) => {
  const [keys, setKeys] = useState(nothing);
  const anchor = useRef<string | null>(null);
  const shown = useRef(flags);
  shown.current = flags;
  const select = useCallback<Select>((key, on, range) => {
    const from = range ? anchor.current : null;
    anchor.current = key;
    setKeys((now) => selectRange(shown.current, now, from, key, on));
  }, []);
  const selectAll = useCallback(() => setKeys(new Set(shown.current.filter(({ status }) => status !== 'ARCHIVED').map(({ key }) => key))), []);
  const clear = useCallback(() => { anchor.current = null; setKeys(nothing); }, []);
  const chosen = useMemo(() => (keys.size === 0 ? [] : flags.filter((flag) => keys.has(flag.key))), [flags, keys]);
  return { keys, chosen, select, selectAll, clear };
};

import { useMemo } from 'react';
import { useQuery } from '@tanstack/react-query';
import type { Condition, Flag } from '@pataka/contracts';
import { calendarsQuery, regionsQuery, segmentsQuery } from '../api/catalogue';
import type { ComboOption } from '../ui/combo';
import { useFlags } from '../flags/flag-store';
import { knownAttributes } from './operators';
import type { World } from './preview';

const none: readonly never[] = [];
const named = ({ key, name }: { key: string; name?: string }): ComboOption => ({ id: key, label: name ?? key, ...(name === undefined || name === key ? {} : { detail: key }) });

const attributesOf = (conditions: readonly Condition[]): string[] =>
  conditions.flatMap(({ attribute, any = [], all = [], not }) => [...(attribute === undefined ? [] : [attribute]), ...attributesOf([...any, ...all, ...(not === undefined ? [] : [not])])]);

const usedIn = new WeakMap<Flag, readonly string[]>();
/** A flag's attributes are looked for once: there are thousands of flags, and every page of one asks. */
const usedBy = (flag: Flag): readonly string[] => {
  let used = usedIn.get(flag);
  if (used === undefined) usedIn.set(flag, (used = [...new Set(Object.values(flag.environments).flatMap(({ rules }) => rules.flatMap((rule) => attributesOf(rule.conditions ?? []))))]));
  return used;
};

const attributesIn = (flags: readonly Flag[]): ComboOption[] => {
  const all = new Set(Object.keys(knownAttributes));
  for (const flag of flags) for (const attribute of usedBy(flag)) all.add(attribute);
  return [...all].sort().map((id) => ({ id, label: id }));
};

/** Everything that rules refer to, as options for editors and as the engine takes it. */
export const useWorld = () => {
  const { flags } = useFlags();
  const segments = useQuery(segmentsQuery).data ?? none;
  const regions = useQuery(regionsQuery).data ?? none;
  const calendars = useQuery(calendarsQuery).data ?? none;
  const world: World = useMemo(() => ({ flags, segments, regions, calendars }), [flags, segments, regions, calendars]);
  const attributes = useMemo(() => attributesIn(flags), [flags]);
  const options = useMemo(() => ({ attributes, segments: segments.map(named), calendars: calendars.map(named), regions }), [attributes, segments, calendars, regions]);
  return { world, options };
};

import type { Flag, FlagType } from '@pataka/contracts';
import { sameDocument } from '../ui/diff';
import { valueFromText, valueText } from '../targeting/value-text';

/** A flag's own members as they are edited. */
export interface ValuesDraft {
  name: string; description: string; owner: string; tags: string[]; defaultValue: string; defaultVariant: string; clientVisible: boolean; metadata: string;
  prerequisites: { uid: string; flag: string; value: string }[];
}

export const valuesDraftOf = (flag: Flag): ValuesDraft => ({
  name: flag.name ?? '', description: flag.description ?? '', owner: flag.owner ?? '', tags: flag.tags ?? [], defaultValue: valueText(flag.defaultValue), defaultVariant: flag.defaultVariant ?? '',
  clientVisible: flag.clientVisible === true, metadata: JSON.stringify(flag.metadata ?? {}, null, 2),
  prerequisites: (flag.prerequisites ?? []).map(({ flag: key, value }, index) => ({ uid: `p${index}`, flag: key, value: valueText(value) })),
});

const isMetadata = (value: unknown): value is NonNullable<Flag['metadata']> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every((one) => ['string', 'number', 'boolean'].includes(typeof one));

export const metadataOf = (text: string): NonNullable<Flag['metadata']> | undefined => {
  try {
    const value = JSON.parse(text.trim() === '' ? '{}' : text) as unknown;
    return isMetadata(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

/** The members that differ, as a PATCH takes them; a part that is no value yet is left out and is a fault besides. */
export const patchOf = (flag: Flag, draft: ValuesDraft, typeOf: (key: string) => FlagType | undefined): Partial<Flag> => {
  const written: Partial<Flag> = {
    name: draft.name, description: draft.description, owner: draft.owner, tags: draft.tags, clientVisible: draft.clientVisible,
    ...(draft.defaultVariant === '' ? {} : { defaultVariant: draft.defaultVariant }),
    prerequisites: draft.prerequisites.map(({ flag: key, value }) => ({ flag: key, value: valueFromText(value, typeOf(key) ?? 'STRING') ?? value })),
  };
  const value = valueFromText(draft.defaultValue, flag.type);
  const metadata = metadataOf(draft.metadata);
  const all = { ...written, ...(value === undefined ? {} : { defaultValue: value }), ...(metadata === undefined ? {} : { metadata }) };
  const empty: Partial<Flag> = { name: '', description: '', owner: '', tags: [], clientVisible: false, prerequisites: [], metadata: {} };
  return Object.fromEntries(Object.entries(all).filter(([name, member]) => !sameDocument(member, flag[name as keyof Flag] ?? empty[name as keyof Flag]))) as Partial<Flag>;
};

import type { MessageFormatElement } from 'react-intl';
import type { Locale } from './locales';
import type administration from '../messages/administration.en.json';
import type common from '../messages/common.en.json';
import type dashboard from '../messages/dashboard.en.json';
import type experiments from '../messages/experiments.en.json';
import type flags from '../messages/flags.en.json';
import type live from '../messages/live.en.json';
import type session from '../messages/session.en.json';
import type targeting from '../messages/targeting.en.json';

/** Areas of the messages: a page loads those that it needs (`loader: () => loadMessages('flags')` of its route); `common` is always there. */
interface Areas {
  common: typeof common; session: typeof session; flags: typeof flags; targeting: typeof targeting; administration: typeof administration;
  experiments: typeof experiments; dashboard: typeof dashboard; live: typeof live;
}
export type Area = keyof Areas;
/** Every message there is, as `area.name`: what is missing in English is a type error. */
export type MessageId = { [A in Area]: `${A}.${keyof Areas[A] & string}` }[Area];
export type Messages = Record<string, MessageFormatElement[]>;

type Parsed = { default: Messages };
const files = import.meta.glob<Parsed>('../messages/*.json');

const loaded = new Map<string, Messages>();
let current: Locale = 'en';
const asked = new Set<Area>(['common']);
const listeners = new Set<() => void>();

const fileOf = (area: Area, locale: Locale): (() => Promise<Parsed>) =>
  files[`../messages/${area}.${locale}.json`] ?? files[`../messages/${area}.en.json`]!;

const loadOne = async (area: Area, locale: Locale): Promise<void> => {
  const name = `${area}.${locale}`;
  if (loaded.has(name)) return;
  const { default: messages } = await fileOf(area, locale)();
  loaded.set(name, Object.fromEntries(Object.entries(messages).map(([id, message]) => [`${area}.${id}`, message])));
};

let snapshot: { locale: Locale; messages: Messages } = { locale: 'en', messages: {} };
const publish = (): void => {
  snapshot = { locale: current, messages: Object.assign({}, ...[...asked].map((area) => loaded.get(`${area}.${current}`) ?? {})) as Messages };
  for (const listener of listeners) listener();
};

/** Makes the messages of some areas ready, in the language that is chosen. For loaders of routes. */
export const loadMessages = async (...areas: Area[]): Promise<void> => {
  const missing = areas.filter((area) => !asked.has(area) || !loaded.has(`${area}.${current}`));
  if (missing.length === 0) return;
  await Promise.all(missing.map((area) => loadOne(area, current)));
  for (const area of areas) asked.add(area);
  publish();
};

/** Another language for everything that is there. */
export const switchLocale = async (locale: Locale): Promise<void> => {
  await Promise.all([...asked].map((area) => loadOne(area, locale)));
  current = locale;
  publish();
};

export const catalogue = {
  subscribe: (listener: () => void) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
  get: () => snapshot,
};

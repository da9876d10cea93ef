import { type ReactNode, useEffect, useMemo, useSyncExternalStore } from 'react';
import { I18nProvider } from 'react-aria-components/I18nProvider';
import { type IntlShape, IntlProvider, useIntl } from 'react-intl';
import { catalogue, type MessageId } from './catalogues';
import { type Locale, locales } from './locales';

/** Where the people and their fleets are: times are told in this zone, with its name. */
export const ZONE = 'Asia/Kolkata';

export const useLocale = (): Locale => useSyncExternalStore(catalogue.subscribe, catalogue.get).locale;

/** Messages, numbers and React Aria's own words in the chosen language. */
export function Intl18n({ children }: { children: ReactNode }) {
  const { locale, messages } = useSyncExternalStore(catalogue.subscribe, catalogue.get);
  useEffect(() => { document.documentElement.lang = locale; }, [locale]);
  return (
    <IntlProvider locale={locales[locale].format} messages={messages} timeZone={ZONE} onError={(error) => { if (import.meta.env.DEV) console.error(error.message); }}>
      <I18nProvider locale={locales[locale].format}>{children}</I18nProvider>
    </IntlProvider>
  );
}

type Plain = string | number | boolean | Date | null | undefined;
type Rich = Plain | ReactNode | ((parts: ReactNode[]) => ReactNode);

/** `t('flags.title')`: a message as text. `t.rich` takes React nodes as values and for tags. Ids are checked by the compiler. */
export interface Translate {
  (id: MessageId, values?: Record<string, Plain>): string;
  rich(id: MessageId, values: Record<string, Rich>): ReactNode;
  /** For ids put together at run time: the message, or `otherwise` where there is none. */
  maybe(id: string, otherwise: string, values?: Record<string, Plain>): string;
}

const translator = (intl: IntlShape): Translate => {
  const plain = (id: string, values?: Record<string, Plain>): string => intl.formatMessage({ id }, values);
  return Object.assign(plain, {
    rich: (id: MessageId, values: Record<string, Rich>) => intl.formatMessage({ id }, values as Record<string, ReactNode>) as ReactNode,
    maybe: (id: string, otherwise: string, values?: Record<string, Plain>) => (Object.hasOwn(intl.messages, id) ? plain(id, values) : otherwise),
  });
};

export const useT = (): Translate => {
  const intl = useIntl();
  return useMemo(() => translator(intl), [intl]);
};

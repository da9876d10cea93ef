/** Languages by their own names. English and Hindi are complete, the others are started and say the rest in English. */
export const locales = {
  en: { name: 'English', format: 'en-IN' },
  hi: { name: 'हिन्दी', format: 'hi-IN' },
  mr: { name: 'मराठी', format: 'mr-IN' },
  ta: { name: 'தமிழ்', format: 'ta-IN' },
  te: { name: 'తెలుగు', format: 'te-IN' },
  kn: { name: 'ಕನ್ನಡ', format: 'kn-IN' },
} as const;

export type Locale = keyof typeof locales;
export const localeNames = Object.keys(locales) as Locale[];

const CHOICE = 'pataka.locale';
const isLocale = (value: string | undefined): value is Locale => value !== undefined && value in locales;

/** The chosen language, else the first of the browser's that we have. */
export const initialLocale = (): Locale => {
  const chosen = localStorage.getItem(CHOICE) ?? undefined;
  if (isLocale(chosen)) return chosen;
  return navigator.languages.map((tag) => tag.split('-')[0]).find(isLocale) ?? 'en';
};

export const rememberLocale = (locale: Locale): void => localStorage.setItem(CHOICE, locale);

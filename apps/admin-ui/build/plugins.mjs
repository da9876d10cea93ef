import { existsSync, readFileSync } from 'node:fs';
import { parse } from '@formatjs/icu-messageformat-parser';

const CATALOGUE = /\/messages\/(\w+)\.(\w+)\.json$/;

const read = (file) => JSON.parse(readFileSync(file, 'utf8'));

/**
 * Message catalogues (`src/messages/<area>.<locale>.json`, ICU) as parsed messages. What a language does not say yet it says in English, so a
 * language can be started with a few words.
 */
export const messages = () => ({
  name: 'pataka-messages', enforce: 'pre',
  load(id) {
    const [, area, locale] = CATALOGUE.exec(id) ?? [];
    if (area === undefined) return null;
    const english = id.replace(`${area}.${locale}.json`, `${area}.en.json`);
    this.addWatchFile(english);
    const all = { ...(existsSync(english) ? read(english) : {}), ...read(id) };
    const parsed = Object.fromEntries(Object.entries(all).map(([key, text]) => {
      try {
        return [key, parse(text)];
      } catch (error) {
        throw new Error(`${id}: ${key}: ${error.message}`);
      }
    }));
    return { code: `export default JSON.parse(${JSON.stringify(JSON.stringify(parsed))});`, moduleType: 'js' };
  },
});

/** React Aria carries its few words in thirty languages; of ours it knows English. */
export const ariaLocales = () => ({
  name: 'pataka-aria-locales', enforce: 'pre',
  load: (id) => (/\/(?:intl|i18n)\/.*\/(?!en-US)[a-z]{2}-[A-Z]{2}\.mjs$/.test(id) ? { code: 'export default {};', moduleType: 'js' } : null),
});

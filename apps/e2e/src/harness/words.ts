import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './build';
import type { Locale } from './desk';

const read = (file: string): Record<string, string> => JSON.parse(readFileSync(join(root, 'apps/admin-ui/src/messages', file), 'utf8')) as Record<string, string>;
const held = new Map<string, Record<string, string>>();

/** What the application calls something in a language: `wordsOf('hi')('experiments.next')`. Takes plain arguments; plurals are for the application. */
export const wordsOf = (locale: Locale) => (id: string, args: Record<string, string | number> = {}): string => {
  const [catalogue, ...rest] = id.split('.');
  const file = `${catalogue}.${locale}.json`;
  const messages = held.get(file) ?? read(file);
  held.set(file, messages);
  const message = messages[rest.join('.')];
  if (message === undefined) throw new Error(`there is no message ${id} in ${file}`);
  return message.replace(/\{(\w+)\}/g, (whole, name: string) => String(args[name] ?? whole));
};
export type Words = ReturnType<typeof wordsOf>;

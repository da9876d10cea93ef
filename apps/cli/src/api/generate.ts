import { readFileSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import type { Flag, FlagType } from '@pataka/contracts';
import { clientFromEnvironment } from './client';

/** What a key's type needs to know of a flag. */
export type TypedFlag = Pick<Flag, 'key' | 'type' | 'status' | 'description'>;

const types: Record<FlagType, string> = { BOOLEAN: 'boolean', STRING: 'string', NUMBER: 'number', JSON: 'Record<string, unknown>' };

const HEAD = `// Made by \`pataka generate\`: run it again instead of editing.

/** The flags of this installation, by key: \`Pataka.connect<Flags>(…)\` then knows every key and its type. */
`;

/** Text inside a comment must not end it, and stays on its line. */
const commentOf = ({ description = '' }: TypedFlag): string => {
  const text = description.replaceAll('*/', '*\\/').replace(/\s+/g, ' ').trim();
  return text === '' ? '' : `  /** ${text} */\n`;
};

/** In the order of code units, which no locale changes. */
const byKey = (one: TypedFlag, other: TypedFlag): number => (one.key < other.key ? -1 : Number(one.key > other.key));

/** A TypeScript module that tells each flag's type. The same flags give the same text. */
export const moduleOf = (flags: readonly TypedFlag[]): string => {
  const lines = flags.filter(({ status }) => status !== 'ARCHIVED').sort(byKey).map((flag) => `${commentOf(flag)}  readonly ${JSON.stringify(flag.key)}: ${types[flag.type]};\n`);
  return `${HEAD}export type Flags = {\n${lines.join('')}};\n\n/** Any flag's key. */\nexport type FlagKey = keyof Flags;\n`;
};

const contentOf = (path: string): string | null => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
};

const generate = async ({ out, check }: { out: string; check?: boolean }): Promise<void> => {
  const flags: TypedFlag[] = [];
  for await (const flag of clientFromEnvironment().all<TypedFlag>('/api/flags')) flags.push(flag);
  const text = moduleOf(flags);
  const isCurrent = contentOf(out) === text;
  if (check === true && !isCurrent) throw new Error(`${out} is not what the flags are now: run pataka generate`);
  // A file that stays as it is makes no build start.
  if (!isCurrent) writeFileSync(out, text);
  console.error(`${flags.length} flags, ${isCurrent ? 'nothing new' : `written to ${out}`}`);
};

/** `pataka generate` */
export const generateCommand = (): Command => new Command('generate').description('writes the flags’ keys and types as TypeScript, for typed evaluations')
  .requiredOption('--out <file>', 'where to').option('--check', 'only tell whether the file is current').action(generate);

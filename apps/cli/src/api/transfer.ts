import { Command, Option } from 'commander';
import { stringify } from 'yaml';
import type { JsonObject } from '@pataka/contracts';
import { type Bundle, bundlesOf, differencesOf, type Kind, kinds, writable } from './bundle';
import { ApiError, type Client, clientFromEnvironment } from './client';

const collect = async (client: Client): Promise<Bundle> => {
  const bundle: Bundle = {};
  for (const kind of kinds) {
    const documents: JsonObject[] = [];
    for await (const document of client.all<JsonObject>(`/api/${kind}`)) {
      // An experiment's flag comes back with its experiment.
      if (kind !== 'flags' || document['experimentId'] === undefined) documents.push(writable(kind, document));
    }
    bundle[kind] = documents;
  }
  return bundle;
};

const exportAll = async ({ format }: { format: 'yaml' | 'json' }): Promise<void> => {
  const bundle = await collect(clientFromEnvironment());
  process.stdout.write(format === 'json' ? `${JSON.stringify(bundle, null, 2)}\n` : stringify(bundle));
};

/** What came of one document. */
export type Outcome = 'created' | 'unchanged' | 'differs' | 'refused';
interface Imported { outcome: Outcome; detail?: string }

const presentOf = async (client: Client, kind: Kind, key: string): Promise<JsonObject | null> => {
  try {
    return await client.get<JsonObject>(`/api/${kind}/${encodeURIComponent(key)}`);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
};

const importOne = async (client: Client, kind: Kind, document: JsonObject, dryRun: boolean): Promise<Imported> => {
  const wanted = writable(kind, document);
  try {
    const present = await presentOf(client, kind, String(wanted['key']));
    if (present !== null) {
      const differences = differencesOf(wanted, writable(kind, present));
      return differences.length === 0 ? { outcome: 'unchanged' } : { outcome: 'differs', detail: `at ${differences.join(', ')}; left as it is` };
    }
    if (!dryRun) await client.post(`/api/${kind}`, wanted);
    return { outcome: 'created' };
  } catch (error) {
    if (error instanceof ApiError) return { outcome: 'refused', detail: error.message };
    throw error;
  }
};

const singular = (kind: Kind): string => kind.slice(0, -1);

/** Makes what bundles describe and says of each document what came of it; what is there is compared, and never changed. */
export const importBundles = async (client: Client, bundles: readonly Bundle[], dryRun: boolean, say: (line: string) => void): Promise<Record<Outcome, number>> => {
  const counts: Record<Outcome, number> = { created: 0, unchanged: 0, differs: 0, refused: 0 };
  for (const kind of kinds) {
    for (const document of bundles.flatMap((bundle) => bundle[kind] ?? [])) {
      const { outcome, detail } = await importOne(client, kind, document, dryRun);
      counts[outcome] += 1;
      say(`${outcome.padEnd(9)}  ${singular(kind)} ${String(document['key'])}${detail === undefined ? '' : `: ${detail}`}`);
    }
  }
  return counts;
};

const importAll = async (files: string[], { dryRun = false }: { dryRun?: boolean }): Promise<void> => {
  const counts = await importBundles(clientFromEnvironment(), files.flatMap(bundlesOf), dryRun, (line) => console.log(line));
  console.error(`${dryRun ? 'dry run, nothing was changed: ' : ''}${counts.created} created, ${counts.unchanged} unchanged, ${counts.differs} differ and were left as they are, ${counts.refused} refused`);
  if (counts.differs + counts.refused > 0) process.exitCode = 1;
};

/** `pataka export` */
export const exportCommand = (): Command => new Command('export').description('prints everything that is configured').addOption(new Option('--format <format>').choices(['yaml', 'json']).default('yaml')).action(exportAll);
/** `pataka import` */
export const importCommand = (): Command => new Command('import').description('makes what files describe, camelCase and snake_case alike; what is there is compared and left as it is')
  .argument('<files...>', 'YAML or JSON').option('--dry-run', 'says what would be made and what differs, and changes nothing').action(importAll);

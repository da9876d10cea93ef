import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { parseAllDocuments, stringify } from 'yaml';
import type { JsonObject } from '@pataka/contracts';
import { camelCased } from './camel-case';
import { ApiError, type Client, clientFromEnvironment } from './client';

/** In the order in which they can be made: what others refer to first. */
const kinds = ['regions', 'calendars', 'segments', 'flags', 'experiments'] as const;
type Kind = (typeof kinds)[number];
type Bundle = Partial<Record<Kind, JsonObject[]>>;

const readOnly = ['version', 'createdBy', 'createdAt', 'updatedAt', 'evaluationCount', 'lastEvaluated', 'experimentId', 'id', 'status', 'rollout', 'results', 'linked', 'refusal', 'phase', 'phases', 'outcome', 'winnerVariantId', 'startedAt', 'completedAt', 'includedList', 'excludedList'];

const writable = (kind: Kind, document: JsonObject): JsonObject => {
  const dropped = kind === 'flags' ? readOnly.filter((name) => name !== 'status') : readOnly;
  return Object.fromEntries(Object.entries(document).filter(([name]) => !dropped.includes(name)));
};

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

const bundleOf = (file: string): Bundle[] =>
  parseAllDocuments(readFileSync(file, 'utf8')).map((document) => {
    if (document.errors.length > 0) throw new Error(`${file}: ${document.errors[0]!.message}`);
    return camelCased(document.toJS() as JsonObject) as Bundle;
  });

const importOne = async (client: Client, kind: Kind, document: JsonObject, counts: { made: number; kept: number; failed: number }): Promise<void> => {
  try {
    await client.post(`/api/${kind}`, writable(kind, document));
    counts.made += 1;
  } catch (error) {
    if (error instanceof ApiError && error.problem.code === 'already-exists') counts.kept += 1;
    else {
      counts.failed += 1;
      console.error(`${kind} ${String(document['key'])}: ${(error as Error).message}`);
    }
  }
};

const importAll = async (files: string[]): Promise<void> => {
  const client = clientFromEnvironment();
  const counts = { made: 0, kept: 0, failed: 0 };
  const bundles = files.flatMap(bundleOf);
  for (const kind of kinds) for (const bundle of bundles) for (const document of bundle[kind] ?? []) await importOne(client, kind, document, counts);
  console.error(`${counts.made} made, ${counts.kept} there already and left as they are, ${counts.failed} refused`);
  if (counts.failed > 0) process.exitCode = 1;
};

/** `pataka export` */
export const exportCommand = (): Command => new Command('export').description('prints everything that is configured').addOption(new Option('--format <format>').choices(['yaml', 'json']).default('yaml')).action(exportAll);
/** `pataka import` */
export const importCommand = (): Command => new Command('import').description('makes what files describe; camelCase and snake_case alike').argument('<files...>', 'YAML or JSON').action(importAll);

import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { clientFromEnvironment } from './client';

interface Options { context: string; environment: string; at?: string }

const contextOf = (text: string): unknown => JSON.parse(text.startsWith('@') ? readFileSync(text.slice(1), 'utf8') : text);

const explainFlag = async (flagKey: string, { context, environment, at }: Options): Promise<void> => {
  const answer = await clientFromEnvironment().post('/v1/explain', { flagKey, environment, context: contextOf(context), ...(at === undefined ? {} : { at }) });
  console.log(JSON.stringify(answer, null, 2));
};

/** `pataka explain` */
export const explainCommand = (): Command => new Command('explain').description('why a context gets what it gets: every rule with each condition’s outcome')
  .argument('<flag>').requiredOption('--context <json>', 'JSON, or @file').option('--environment <environment>', '', 'production').option('--at <instant>', 'as of then').action(explainFlag);

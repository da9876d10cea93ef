import { createInterface } from 'node:readline';
import { Command } from 'commander';
import { evaluateStatistic } from '@pataka/statistics';

const evaluateLines = async (): Promise<void> => {
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === '') continue;
    const { id, fn, input } = JSON.parse(line) as { id: string; fn: string; input: unknown };
    process.stdout.write(`${JSON.stringify({ id, output: evaluateStatistic(fn, input) })}\n`);
  }
};

/** `pataka stats eval` */
export const statsCommand = (): Command => {
  const command = new Command('stats').description('the statistics library from outside');
  command.command('eval').description('JSON lines {id, fn, input} in, {id, output} out').action(evaluateLines);
  return command;
};

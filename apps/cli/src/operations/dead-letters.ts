import { Command } from 'commander';
import { listDeadLetters, replayDeadLetters } from '@pataka/event-sourcing';
import { withInstallation } from './open';
import { progressBar } from './progress';

const list = ({ limit, json }: { limit: string; json?: boolean }): Promise<void> =>
  withInstallation(async ({ log }) => {
    const letters = await listDeadLetters(log, { limit: Number(limit) });
    for (const letter of letters) {
      console.log(json === true ? JSON.stringify(letter) : `${letter.failedAt}  ${letter.consumer}  ${letter.topic}/${letter.partition}@${letter.offset}#${letter.index}  ${letter.reason}`);
    }
    if (json !== true) console.error(`${letters.length} dead letters`);
  });

const replay = ({ topic, consumer }: { topic?: string; consumer?: string }): Promise<void> =>
  withInstallation(async ({ log }) => {
    const bar = progressBar('dead letters'.padEnd(20));
    const filter = (letter: { topic: string; consumer: string }): boolean => (topic === undefined || letter.topic === topic) && (consumer === undefined || letter.consumer === consumer);
    const { replayed } = await replayDeadLetters(log, { filter, onProgress: bar.onProgress }).finally(bar.done);
    console.error(`${replayed} published again to where they came from`);
  });

/** `pataka dead-letters …` */
export const deadLettersCommand = (): Command => {
  const command = new Command('dead-letters').description('records that could not be taken');
  command.command('list', { isDefault: true }).option('--limit <count>', 'newest first', '100').option('--json', 'whole letters, a line each').action(list);
  command.command('replay').description('publishes the originals again; whoever had taken one lets it pass').option('--topic <topic>').option('--consumer <consumer>').action(replay);
  return command;
};

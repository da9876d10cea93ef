import type { Cost } from './stopwatch';

/** What a measured process answers: the processor time it has used so far, its port once it listens, or what some work has cost. */
export type ProbeAnswer = { usage: NodeJS.CpuUsage } | { port: number } | { cost: Cost } | { failure: string };

/** What a worker is to do, on which data. `logUrl` is the database of the embedded log; `databaseUrl` the one of the evidence. */
export interface Work { work: string; databaseUrl: string; logUrl: string; events: number }

const answer = (value: ProbeAnswer): void => void process.send?.(value);
const fail = (error: Error): void => answer({ failure: error.stack ?? error.message });

/** Makes this process answer for its processor time. A parent that was killed leaves nothing behind. */
const answerUsage = (): void => {
  process.on('message', (message) => {
    if (message === 'usage') answer({ usage: process.cpuUsage() });
  });
  process.on('disconnect', () => process.exit(0));
};

/** The same, and for its port. */
export const answerPort = (listening: Promise<number>): void => {
  answerUsage();
  process.on('message', (message) => {
    if (message === 'port') listening.then((port) => answer({ port }), fail);
  });
  // Told when it is asked for.
  listening.catch(() => undefined);
};

/** The same, and does the work it is given, one piece after the other. */
export const answerWork = (works: Readonly<Record<string, (work: Work) => Promise<Cost>>>, close: () => Promise<void>): void => {
  answerUsage();
  process.on('message', (message: Partial<Work>) => {
    const work = works[message.work ?? ''];
    if (work !== undefined) work(message as Work).then((cost) => answer({ cost }), fail);
  });
  process.on('SIGTERM', () => void close().finally(() => process.exit(0)));
};

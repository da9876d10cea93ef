/** What a measured process answers: the processor time it has used so far, and its port once it listens. */
export type ProbeAnswer = { usage: NodeJS.CpuUsage } | { port: number } | { failure: string };

const answer = (value: ProbeAnswer): void => void process.send?.(value);

/** Makes this process answer for its processor time. A parent that was killed leaves nothing behind. */
export const answerUsage = (): void => {
  process.on('message', (message) => {
    if (message === 'usage') answer({ usage: process.cpuUsage() });
  });
  process.on('disconnect', () => process.exit(0));
};

/** The same, and for its port. */
export const answerPort = (listening: Promise<number>): void => {
  answerUsage();
  const failed = (error: Error): void => answer({ failure: error.stack ?? error.message });
  process.on('message', (message) => {
    if (message === 'port') listening.then((port) => answer({ port }), failed);
  });
  // Told when it is asked for.
  listening.catch(() => undefined);
};

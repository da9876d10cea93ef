import { Command } from 'commander';
import type { Operations } from '@pataka/platform';
import { withInstallation } from './open';
import { progressBar } from './progress';

const all = 'all';

const owners = (services: Record<string, Operations>, name: string): { projection: string; operations: Operations }[] =>
  Object.values(services).flatMap((operations) => operations.runner.rebuildable().filter((projection) => name === all || projection === name).map((projection) => ({ projection, operations })));

const replay = (name: string): Promise<void> =>
  withInstallation(async ({ services }) => {
    const found = owners(services, name);
    const known = Object.values(services).flatMap(({ runner }) => runner.rebuildable());
    if (found.length === 0) throw new Error(`there is no projection "${name}": there are ${known.join(', ')}`);
    for (const { projection, operations } of found) {
      const bar = progressBar(projection.padEnd(20));
      const start = performance.now();
      const { events } = await operations.runner.replay(projection, { onProgress: bar.onProgress }).finally(bar.done);
      const seconds = (performance.now() - start) / 1000;
      console.log(`${projection}: rebuilt from ${events.toLocaleString('en-IN')} events in ${seconds.toFixed(1)} s (${Math.round(events / seconds).toLocaleString('en-IN')} a second), and live`);
    }
  });

/** `pataka replay <projection>` */
export const replayCommand = (): Command =>
  new Command('replay').description('rebuilds a projection from the log beside the live one, then swaps it in; the system goes on serving').argument('<projection>', `a projection's name, or ${all}`).action(replay);

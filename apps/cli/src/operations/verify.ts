import { Command } from 'commander';
import type { Operations } from '@pataka/platform';
import { withInstallation } from './open';
import { progressBar } from './progress';

const verifyStore = async (service: string, { store }: Operations): Promise<boolean> => {
  if (store === undefined) return true;
  const { events, faults } = await store.verify();
  console.log(`${faults.length === 0 ? 'ok   ' : 'FAULT'} ${service}: event store, ${events.toLocaleString('en-IN')} events: hash chain, positions, versions, documents`);
  for (const fault of faults) console.log(`      ${fault}`);
  return faults.length === 0;
};

const verifyProjections = async ({ runner }: Operations): Promise<boolean> => {
  let equal = true;
  for (const name of runner.rebuildable()) {
    const bar = progressBar(name.padEnd(20));
    const report = await runner.verify(name, bar.onProgress).finally(bar.done);
    equal &&= report.equal;
    console.log(`${report.equal ? 'ok   ' : 'FAULT'} ${name}: ${report.tables.map(({ table, rows, live, rebuilt }) => `${table} ${rows.toLocaleString('en-IN')} rows ${live === rebuilt ? '=' : '≠'} rebuild`).join(', ')}`);
  }
  return equal;
};

const verify = (): Promise<void> =>
  withInstallation(async ({ services }) => {
    let well = true;
    for (const [name, operations] of Object.entries(services)) {
      well = (await verifyStore(name, operations)) && well;
      well = (await verifyProjections(operations)) && well;
    }
    console.log(well ? 'Everything equals its rebuild.' : 'Something differs: see FAULT above.');
    if (!well) process.exitCode = 1;
  });

/** `pataka verify` */
export const verifyCommand = (): Command =>
  new Command('verify').description('rebuilds every projection in the shadow and compares; checks the audit trail; exit 0 only when all is well').action(verify);

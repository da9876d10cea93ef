import { availableParallelism, cpus, totalmem } from 'node:os';
import { change } from './change.bench';
import { endToEnd } from './end-to-end.bench';
import { evaluation } from './evaluation.bench';
import { evidence } from './evidence.bench';
import { evidenceReports } from './evidence-reports.bench';
import { formatted, type Report } from './figures';
import { ingest } from './ingest.bench';
import { ofrep } from './ofrep.bench';
import { propagation } from './propagation.bench';
import { replay } from './replay.bench';
import { Stores } from './stores';

const benches: Readonly<Record<string, (stores: Stores) => Promise<Report>>> = { evaluation, ingest, evidence, replay, change, 'end-to-end': endToEnd, reports: evidenceReports, ofrep, propagation };

const machine = (): string =>
  `${new Date().toISOString().slice(0, 10)}, ${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.version}`;

let running: Stores | undefined;

/** Each benchmark with stores of its own, so that none finds another's data. */
const runOne = async (name: string): Promise<void> => {
  process.stderr.write(`${name} `);
  const stores = (running = new Stores());
  try {
    process.stdout.write(`${formatted(await benches[name]!(stores))}\n`);
  } finally {
    await stores.close();
  }
};

/** Told to stop: leaves nothing running. */
const stop = (): void => void (running?.close() ?? Promise.resolve()).finally(() => process.exit(130));

const main = async (): Promise<number> => {
  const names = process.argv.slice(2);
  const unknown = names.filter((name) => !Object.hasOwn(benches, name));
  if (unknown.length > 0) {
    process.stderr.write(`no benchmark ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}\n`);
    return 2;
  }
  process.stdout.write(`# Pataka, ${machine()}\n`);
  let failed = 0;
  for (const name of names.length > 0 ? names : Object.keys(benches)) {
    await runOne(name).catch((error: Error) => {
      failed = 1;
      process.stderr.write(`\n${name} failed: ${error.stack ?? error.message}\n`);
    });
  }
  return failed;
};

process.once('SIGINT', stop).once('SIGTERM', stop);
main().then((code) => process.exit(code), (error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
});

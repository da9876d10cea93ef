import { execFileSync, fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../harness/build';
import type { EvaluationFigures, EvaluationResult } from './evaluation-process';
import { type Report, shown } from './figures';

const PEERS = join(root, 'apps/e2e/peers');
const INSTALL_MS = 300_000;
const LIMIT_MS = 180_000;
// One thread collects garbage: helpers that wait for each other on a busy machine would be charged to whoever was measured.
const FLAGS = ['--expose-gc', '--single-threaded-gc', '--min-semi-space-size=16'];

/** The peers' packages are nobody's dependency but this benchmark's; their scripts are not run. */
const installPeers = (): void => {
  const lock = readFileSync(join(PEERS, 'package-lock.json'), 'utf8');
  const packages = Object.keys((JSON.parse(lock) as { packages: Record<string, unknown> }).packages).filter((path) => path !== '');
  if (packages.every((path) => existsSync(join(PEERS, path)))) return;
  process.stderr.write('installing peers ');
  try {
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: PEERS, timeout: INSTALL_MS, stdio: ['ignore', 'ignore', 'inherit'] });
  } catch {
    process.stderr.write('the peers could not be installed '); // each is then left out, with its reason
  }
};

/** All contenders take turns in one process of their own. */
const measure = (): Promise<EvaluationResult> => new Promise((resolve, reject) => {
  const child = fork(join(__dirname, 'evaluation-process.js'), { execArgv: FLAGS, timeout: LIMIT_MS, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  child.on('message', (message: EvaluationResult | { failure: string }) => ('failure' in message ? reject(new Error(message.failure)) : resolve(message)));
  child.on('error', reject);
  child.on('exit', (code, signal) => reject(new Error(`the measured process ended (${signal ?? code})`)));
});

const isOurs = ({ name }: EvaluationFigures): boolean => name.startsWith('Pataka');

/** The fastest peer that does as much: a call back to the user neither counts nor batches, so it is no peer of what does. */
const fastestPeer = (figures: readonly EvaluationFigures[], records: EvaluationFigures['records']): number =>
  Math.max(...figures.filter((one) => !isOurs(one) && one.records === records).map(({ perSecond }) => perSecond));

const timesOf = (perSecond: number, base: number): string => (base > 0 ? `${(perSecond / base).toPrecision(3)} x` : '-');

/** Evaluations per CPU second: the mixed workload on one thread, against what the peers publish. */
export const evaluation = async (): Promise<Report> => {
  installPeers();
  const { figures, leftOut, large, openFeature } = await measure();
  const [plain, recording] = [fastestPeer(figures, 'nothing'), fastestPeer(figures, 'itself')];
  const rowOf = ({ name, records, perSecond, garbage }: EvaluationFigures): (string | number)[] => [
    records === 'nothing' ? name : `recording: ${name}`, timesOf(perSecond, records === 'nothing' ? plain : recording), perSecond, garbage,
  ];
  const sorted = [...figures].sort((a, b) => b.perSecond - a.perSecond);
  return {
    title: 'evaluation: one thread, 200 flags of mixed rules, 10,000 contexts',
    columns: ['who', 'times the fastest peer', 'evaluations / CPU second', 'bytes of garbage a call'],
    rows: [...sorted.filter(({ records }) => records === 'nothing'), ...sorted.filter(({ records }) => records !== 'nothing')].map(rowOf),
    notes: [
      'Recording is compared with the fastest peer that counts or batches by itself; a callback leaves that to its user.',
      `5,000 flags: loaded in ${large.loadMs.toFixed(1)} ms, ${Math.round(large.heapBytes)} bytes of heap each before they are evaluated; one changed in ${(large.changeMs * 1000).toFixed(1)} µs, ${(large.changeAndEvaluateMs * 1000).toFixed(0)} µs with compiling it at its next evaluation.`,
      `Through the OpenFeature client: ${shown(openFeature.ours)} evaluations / CPU second, ${(openFeature.ours / openFeature.inMemory).toFixed(2)} of what its own in-memory provider reaches with values that never change (${shown(openFeature.inMemory)}).`,
      ...leftOut.map((one) => `Left out: ${one}.`),
    ],
  };
};

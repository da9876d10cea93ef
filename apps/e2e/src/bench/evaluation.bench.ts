import { execFileSync, fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../harness/build';
import type { EvaluationFigures, EvaluationResult } from './evaluation-process';
import type { Report } from './figures';

const PEERS = join(root, 'apps/e2e/peers');
const INSTALL_MS = 300_000;
const LIMIT_MS = 180_000;
// A young generation that is large from the start, so that the garbage of thousands of calls can be weighed.
// One thread collects garbage: helpers that wait for each other on a busy machine would be charged to whoever was measured.
const FLAGS = ['--expose-gc', '--single-threaded-gc', '--max-semi-space-size=64', '--min-semi-space-size=64'];

/** The peers' packages are nobody's dependency but this benchmark's; their scripts are not run. */
const installPeers = (): void => {
  const lock = readFileSync(join(PEERS, 'package-lock.json'), 'utf8');
  const packages = Object.keys((JSON.parse(lock) as { packages: Record<string, unknown> }).packages).filter((path) => path !== '');
  if (packages.every((path) => existsSync(join(PEERS, path)))) return;
  process.stderr.write('installing peers ');
  execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: PEERS, timeout: INSTALL_MS, stdio: ['ignore', 'ignore', 'inherit'] });
};

/** All contenders take turns in one process of their own. */
const measure = (): Promise<EvaluationResult> => new Promise((resolve, reject) => {
  const child = fork(join(__dirname, 'evaluation-process.js'), { execArgv: FLAGS, timeout: LIMIT_MS, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  child.on('message', (message: EvaluationResult | { failure: string }) => ('failure' in message ? reject(new Error(message.failure)) : resolve(message)));
  child.on('error', reject);
  child.on('exit', (code, signal) => reject(new Error(`the measured process ended (${signal ?? code})`)));
});

const best = (figures: readonly EvaluationFigures[]): EvaluationFigures | undefined =>
  figures.reduce<EvaluationFigures | undefined>((fastest, one) => (fastest === undefined || one.perSecond > fastest.perSecond ? one : fastest), undefined);

const isOurs = ({ name }: EvaluationFigures): boolean => name.startsWith('Pataka');

/** Evaluations per CPU second: the mixed workload on one thread, against what the peers publish. */
export const evaluation = async (): Promise<Report> => {
  installPeers();
  const { figures, large } = await measure();
  const measured = figures.filter(({ fault }) => fault === undefined);
  const bases = new Map([false, true].map((records) => [records, best(measured.filter((one) => one.records === records && !isOurs(one)))]));
  return {
    title: 'evaluation: one thread, 200 flags of mixed rules, 10,000 contexts',
    columns: ['who', 'times the fastest peer', 'evaluations / CPU second', 'bytes of garbage a call'],
    rows: [false, true].flatMap((records) => measured.filter((one) => one.records === records).sort((a, b) => b.perSecond - a.perSecond)
      .map(({ name, perSecond, garbage }) => [records ? `recording: ${name}` : name, `${(perSecond / (bases.get(records)?.perSecond ?? NaN)).toPrecision(3)} x`, perSecond, garbage])),
    notes: [
      `5,000 flags: loaded in ${large.loadMs.toFixed(1)} ms, ${Math.round(large.heapBytes)} bytes of heap each before they are evaluated; one changed in ${(large.changeMs * 1000).toFixed(1)} µs, ${(large.changeAndEvaluateMs * 1000).toFixed(0)} µs with compiling it at its next evaluation.`,
      ...figures.filter(({ fault }) => fault !== undefined).map(({ name, fault }) => `Left out: ${name} ${fault}.`),
    ],
  };
};

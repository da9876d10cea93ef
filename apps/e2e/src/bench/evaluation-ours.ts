import { compileRuleset } from '@pataka/evaluation';
import { type Details, Pataka } from '@pataka/node';
import type { Evaluating } from './evaluation-peers';
import { type BenchContext, benchFlag, benchRuleset, contextAt, FLAGS, PAIRS } from './evaluation-workload';

let kept: Details<boolean>;
const keys = Array.from({ length: FLAGS }, (_, index) => benchFlag(index).key);

/** Through the SDK's public calls, on the ruleset as `GET /v1/ruleset` answers it. */
export const ours = (contexts: readonly BenchContext[]): Evaluating[] => {
  const plain = Pataka.fromRuleset(benchRuleset());
  const detailed = Pataka.fromRuleset(benchRuleset());
  const recording = Pataka.fromRuleset(benchRuleset(), { recordExposures: true });
  // Every subject meets its experiments for the first time once; what is measured is the life after that.
  for (let n = 0; n < PAIRS; n += 1) recording.boolean(keys[n % FLAGS]!, false, contexts[contextAt(n)]!);
  return [
    {
      name: 'Pataka, value', records: 'nothing',
      run: (from, count) => {
        let on = 0;
        for (let n = from; n < from + count; n += 1) if (plain.boolean(keys[n % FLAGS]!, false, contexts[contextAt(n)]!)) on += 1;
        return on;
      },
    },
    {
      name: 'Pataka, details', records: 'nothing',
      run: (from, count) => {
        let on = 0;
        for (let n = from; n < from + count; n += 1) {
          // Kept, so that the engine can't leave out making it.
          kept = detailed.details(keys[n % FLAGS]!, false, contexts[contextAt(n)]!);
          if (kept.value && kept.variant !== undefined && kept.reason !== 'ERROR') on += 1;
        }
        return on;
      },
    },
    {
      name: 'Pataka, value, recording', records: 'itself',
      // What is recorded is taken away as a client's sender would: evaluations are measured together with it.
      run: (from, count) => {
        let on = 0;
        for (let n = from; n < from + count; n += 1) {
          if (recording.boolean(keys[n % FLAGS]!, false, contexts[contextAt(n)]!)) on += 1;
          if (n % 100_000 === 0) void [recording.takeCounts(), recording.takeEvents()];
        }
        return on;
      },
    },
  ];
};

const LARGE = 5_000;
const REPEATS = 5;
const collect = (): void => (globalThis as { gc?: () => void }).gc?.();
const heapUsed = (): number => {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
};
const cpuMs = (work: () => unknown): number => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};
const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
const repeated = (measure: () => number): number => median(Array.from({ length: REPEATS }, measure));

/** What 5,000 flags cost that nobody has evaluated yet, and what a change of one of them costs. */
export const largeRuleset = (): { loadMs: number; heapBytes: number; changeMs: number; changeAndEvaluateMs: number } => {
  const text = JSON.stringify(benchRuleset(LARGE));
  const loadMs = repeated(() => {
    const parsed = JSON.parse(text) as ReturnType<typeof benchRuleset>;
    collect();
    return cpuMs(() => Pataka.fromRuleset(parsed));
  });
  const heapBytes = repeated(() => {
    const before = heapUsed();
    const loaded = Pataka.fromRuleset(JSON.parse(text) as ReturnType<typeof benchRuleset>);
    const bytes = (heapUsed() - before) / LARGE;
    if (loaded.boolean('flag_0', true, {})) throw new Error('flag_0 is off');
    return bytes;
  });
  const compiled = compileRuleset(JSON.parse(text) as ReturnType<typeof benchRuleset>);
  const changed = (version: number): void => compiled.apply({ position: version, flags: [{ ...benchFlag((version * 37) % LARGE), version }] });
  const CHANGES = 500;
  let version = 1;
  const changeMs = repeated(() => cpuMs(() => { for (let n = 0; n < CHANGES; n += 1) changed(version += 1); }) / CHANGES);
  const changeAndEvaluateMs = repeated(() => cpuMs(() => {
    for (let n = 0; n < CHANGES; n += 1) {
      changed(version += 1);
      compiled.begin(`flag_${(version * 37) % LARGE}`);
    }
  }) / CHANGES);
  return { loadMs, heapBytes, changeMs, changeAndEvaluateMs };
};

import { ours, largeRuleset } from './evaluation-ours';
import { peers, type Evaluating, type Records } from './evaluation-peers';
import { type OpenFeatureFigures, throughOpenFeature } from './evaluation-openfeature';
import { benchContexts, benchRuleset, FLAGS, kindOf } from './evaluation-workload';
import { median } from './figures';
import { interleaved, ROUNDS } from './rounds';

/** What one contender came to: evaluations per CPU second and bytes of garbage per call. */
export interface EvaluationFigures { name: string; records: Records; perSecond: number; garbage: number }
export interface EvaluationResult { figures: EvaluationFigures[]; leftOut: string[]; large: ReturnType<typeof largeRuleset>; openFeature: OpenFeatureFigures }

// Short slices and many of them, taken in turns: whatever else the machine does meets all alike, and the median counts.
const SLICE_MS = 60;
const SLICES_A_ROUND = 4;
const CHECKED = 10_000;
const GARBAGE_CALLS = 2_000;
/** Empties the young generation: a whole collection takes longer than a slice. */
const collect = (): void => (globalThis as { gc?: (options: { type: 'minor' }) => void }).gc?.({ type: 'minor' });

const cpuMsOf = async (contender: Evaluating, from: number, count: number): Promise<number> => {
  const before = process.cpuUsage();
  await contender.run(from, count);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};

/** How many evaluations fill a slice, found while warming up. */
const sliceOf = async (contender: Evaluating): Promise<number> => {
  for (let count = 2_000; ; count *= 2) {
    const ms = await cpuMsOf(contender, 0, count);
    if (ms > SLICE_MS / 2) return Math.max(1_000, Math.round((count * SLICE_MS) / ms));
  }
};

/** Bytes that a warm call leaves behind; the young generation is large enough that nothing is collected meanwhile. */
const garbageOf = async (contender: Evaluating): Promise<number> => {
  const samples: number[] = [];
  for (let sample = 0; sample < 5; sample += 1) {
    collect();
    const before = process.memoryUsage().heapUsed;
    await contender.run(sample * GARBAGE_CALLS, GARBAGE_CALLS);
    samples.push((process.memoryUsage().heapUsed - before) / GARBAGE_CALLS);
  }
  return median(samples);
};

/**
 * Whether a contender decides as we do: rules without buckets have to agree in every evaluation; bucketed ones, whose hashes differ,
 * in how many are on, within four standard deviations of both.
 */
const disagreement = async (contender: Evaluating, reference: Evaluating): Promise<string | undefined> => {
  let [bucketed, theirs, expected] = [0, 0, 0];
  for (let n = 0; n < CHECKED; n += 1) {
    const [one, other] = [await contender.run(n, 1), await reference.run(n, 1)];
    const kind = kindOf(n % FLAGS);
    if (kind === 'simple' || kind === 'targeting') {
      if (one !== other) return `decides otherwise on flag_${n % FLAGS} (${kind})`;
      continue;
    }
    bucketed += 1;
    theirs += one;
    expected += other;
  }
  const limit = 4 * Math.sqrt(2 * bucketed * 0.25);
  return Math.abs(theirs - expected) <= limit ? undefined : `has ${theirs} of ${bucketed} bucketed evaluations on instead of ${expected}`;
};

const main = async (): Promise<EvaluationResult> => {
  const large = largeRuleset(); // first, while there is little else to collect
  const contexts = benchContexts();
  const flags = benchRuleset().flags;
  const contenders = ours(contexts);
  const reference = contenders[0]!;
  const faults = new Map<string, string>();
  for (const { name, make } of peers) {
    try {
      const peer = await make({ flags, contexts });
      const fault = await disagreement(peer, reference);
      if (fault === undefined) contenders.push(peer);
      else faults.set(name, fault);
    } catch (error) {
      faults.set(name, `could not be run: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const slices = new Map<Evaluating, number>();
  for (const contender of contenders) slices.set(contender, await sliceOf(contender));
  const samples = await interleaved(contenders.map((contender) => ({
    name: contender.name,
    round: async (index: number) => {
      const count = slices.get(contender)!;
      collect();
      return { perSecond: (count * 1000) / (await cpuMsOf(contender, index * count, count)) };
    },
  })), ROUNDS * SLICES_A_ROUND);
  const figures: EvaluationFigures[] = [];
  for (const contender of contenders) {
    const perSecond = median(samples.get(contender.name)!.map((sample) => sample.perSecond));
    figures.push({ name: contender.name, records: contender.records, perSecond, garbage: await garbageOf(contender) });
  }
  for (const contender of contenders) await contender.close?.();
  return { figures, leftOut: [...faults].map(([name, fault]) => `${name} ${fault}`), large, openFeature: await throughOpenFeature(contexts) };
};

main().then((result) => process.send!(result, () => process.exit(0)), (error: unknown) => process.send!({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }, () => process.exit(1)));

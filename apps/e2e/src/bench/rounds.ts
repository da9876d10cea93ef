/** One that is measured: a round's figures by name. */
export interface Contender<Sample> { name: string; round: (index: number) => Promise<Sample> }
export type Sample = Record<string, number>;

/** Rounds per contender unless PATAKA_BENCH_ROUNDS says otherwise; the first is a warm-up and counts nowhere. */
export const ROUNDS = Number(process.env['PATAKA_BENCH_ROUNDS'] ?? 5);
const LIMIT_MS = Number(process.env['PATAKA_BENCH_LIMIT_SECONDS'] ?? 180) * 1_000;

/**
 * Runs the contenders in turn, round by round, beginning with another one each time: what else the machine does meets all of them alike.
 * No further round begins after the time limit; two are always run, so that one counts.
 */
export const interleaved = async <S extends Sample>(contenders: readonly Contender<S>[], rounds = ROUNDS): Promise<Map<string, S[]>> => {
  const samples = new Map<string, S[]>(contenders.map(({ name }) => [name, []]));
  const startedAt = performance.now();
  for (let round = 0; round <= rounds && (round < 2 || performance.now() - startedAt < LIMIT_MS); round += 1) {
    for (let turn = 0; turn < contenders.length; turn += 1) {
      const contender = contenders[(round + turn) % contenders.length]!;
      const sample = await contender.round(round);
      if (round > 0) samples.get(contender.name)!.push(sample);
    }
    process.stderr.write('.');
  }
  process.stderr.write('\n');
  return samples;
};

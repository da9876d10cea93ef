import { createRequire } from 'node:module';
import { InMemoryProvider, OpenFeature, type Provider } from '@openfeature/server-sdk';
import { Pataka } from '@pataka/node';
import { type BenchContext, benchFlag, benchRuleset, contextAt, FLAGS } from './evaluation-workload';
import { median } from './figures';
import { interleaved, ROUNDS } from './rounds';

/** Evaluations per CPU second through the OpenFeature client. */
export interface OpenFeatureFigures { ours: number; inMemory: number }

// As a user's program finds it: the provider as it is built, not its source.
const { PatakaProvider } = createRequire(__filename)('@pataka/node/openfeature') as { PatakaProvider: new (client: Pataka) => Provider };
const COUNT = 2_000;
const keys = Array.from({ length: FLAGS }, (_, index) => benchFlag(index).key);

const contender = async (name: string, provider: Provider, contexts: readonly BenchContext[]) => {
  await OpenFeature.setProviderAndWait(name, provider);
  const client = OpenFeature.getClient(name);
  return {
    name,
    round: async (index: number) => {
      const before = process.cpuUsage();
      for (let n = index * COUNT; n < (index + 1) * COUNT; n += 1) await client.getBooleanDetails(keys[n % FLAGS]!, false, contexts[contextAt(n)]!);
      const { user, system } = process.cpuUsage(before);
      return { perSecond: (COUNT * 1e6) / (user + system) };
    },
  };
};

/** Our provider with the whole workload, beside OpenFeature's own with values that never change: what the client itself costs. */
export const throughOpenFeature = async (contexts: readonly BenchContext[]): Promise<OpenFeatureFigures> => {
  const constant = Object.fromEntries(keys.map((key) => [key, { variants: { on: true, off: false }, defaultVariant: 'off', disabled: false }]));
  const samples = await interleaved([
    await contender('ours', new PatakaProvider(Pataka.fromRuleset(benchRuleset())), contexts),
    await contender('in-memory', new InMemoryProvider(constant), contexts),
  ], ROUNDS * 3);
  const figure = (name: string): number => median(samples.get(name)!.map(({ perSecond }) => perSecond));
  await OpenFeature.close();
  return { ours: figure('ours'), inMemory: figure('in-memory') };
};

import type { FlagValue, Region } from '@pataka/contracts';
import { compileRuleset, evaluate, evaluateValue, Evaluator, prepareContext, type Context, type Ruleset } from './index';
import { RegionTree } from './regions';
import vectors from './vectors/evaluation.json';
import india from './vectors/regions.json';

type Expected = { value?: FlagValue; variant?: string; reason?: string; errorCode?: string };
type Case = { flag: string; context: unknown; expect: Expected };

const NOW = Date.UTC(2026, 10, 22, 12);
const ruleset = compileRuleset({ ...vectors, position: 1 } as unknown as Ruleset);
const evaluator = new Evaluator(ruleset, () => NOW);
const cases = vectors.cases as unknown as Case[];

describe('the shared vectors of evaluation', () => {
  it('are all here', () => expect(cases).toHaveLength(653));

  it.each(cases.map((one, index) => [index, one.flag, one] as const))('case %i of %s is answered as written', (_index, flag, { context, expect: expected }) => {
    const prepared = prepareContext(context) as Context;
    const { value, variant, reason, errorCode } = evaluate(ruleset, flag, prepared, NOW);
    expect(JSON.parse(JSON.stringify({ value, variant, reason, errorCode }))).toEqual(expected);
    expect(evaluateValue(ruleset, flag, prepared, NOW, 'fallback')).toEqual(expected.errorCode === undefined ? expected.value : 'fallback');
    const decided = evaluator.decide(flag, context);
    expect(JSON.parse(JSON.stringify({ value: decided.value, variant: decided.variant, reason: decided.reason, errorCode: decided.errorCode }))).toEqual(expected);
    expect(evaluator.value(flag, context, 'fallback')).toEqual(expected.errorCode === undefined ? expected.value : 'fallback');
  });
});

describe('the tree of India', () => {
  const tree = new RegionTree();
  for (const region of india) tree.put(region.key, region as Region);

  it('puts every place within exactly one zone', () => {
    const zones = india.filter(({ kind }) => kind === 'zone').map(({ key }) => tree.within([key]));
    for (const { key } of india) expect(zones.filter((zone) => zone.has(key))).toHaveLength(1);
  });

  it('puts every place within its parent, and no parent within it', () => {
    for (const { key, parent } of india as Region[]) {
      if (parent === undefined) continue;
      expect([tree.within([parent]).has(key), tree.within([key]).has(parent)]).toEqual([true, false]);
    }
  });
});

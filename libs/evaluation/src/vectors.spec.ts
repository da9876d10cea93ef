import type { FlagValue } from '@pataka/contracts';
import { compileRuleset, evaluate, evaluateValue, prepareContext, type Context, type Ruleset } from './index';
import vectors from './vectors/evaluation.json';

type Expected = { value?: FlagValue; variant?: string; reason?: string; errorCode?: string };
type Case = { flag: string; context: unknown; expect: Expected };

const NOW = Date.UTC(2026, 10, 22, 12);
const ruleset = compileRuleset({ ...vectors, position: 1 } as unknown as Ruleset);
const cases = vectors.cases as unknown as Case[];

describe('the shared vectors of evaluation', () => {
  it('are all here', () => expect(cases).toHaveLength(653));

  it.each(cases.map((one, index) => [index, one.flag, one] as const))('case %i of %s is answered as written', (_index, flag, { context, expect: expected }) => {
    const prepared = prepareContext(context) as Context;
    const { value, variant, reason, errorCode } = evaluate(ruleset, flag, prepared, NOW);
    expect(JSON.parse(JSON.stringify({ value, variant, reason, errorCode }))).toEqual(expected);
    expect(evaluateValue(ruleset, flag, prepared, NOW, 'fallback')).toEqual(expected.errorCode === undefined ? expected.value : 'fallback');
  });
});

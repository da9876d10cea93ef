import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Pataka, type EvaluationContext, type Ruleset } from './index';

type Expected = { value?: unknown; variant?: string; reason?: string; errorCode?: string };
type Vectors = Ruleset & { readonly cases: readonly { readonly flag: string; readonly context: EvaluationContext; readonly expect: Expected }[] };

const vectors = JSON.parse(readFileSync(join(__dirname, '../../evaluation/src/vectors/evaluation.json'), 'utf8')) as Vectors;
const pataka = Pataka.fromRuleset({ ...vectors, position: 1 });

describe('the shared vectors of evaluation through the public calls', () => {
  beforeAll(() => {
    jest.useFakeTimers({ now: Date.UTC(2026, 10, 22, 12), doNotFake: ['nextTick', 'setImmediate'] });
  });
  afterAll(() => {
    jest.useRealTimers();
  });

  it.each(vectors.cases.map((one, index) => [index, one.flag, one] as const))('case %i of %s is answered as written', (_index, flag, { context, expect: expected }) => {
    const { value, variant, reason, errorCode } = pataka.details<unknown>(flag, undefined, context);
    const answered = errorCode === undefined ? { value, variant, reason } : { errorCode };
    expect(JSON.parse(JSON.stringify(answered))).toEqual(expected);
    expect(pataka.value<unknown>(flag, undefined, context)).toEqual(expected.value);
  });
});

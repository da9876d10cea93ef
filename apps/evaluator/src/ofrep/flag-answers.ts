import { createHash } from 'node:crypto';
import type { Flag } from '@pataka/contracts';
import type { Evaluation, Served } from '@pataka/evaluation';
import type { Counter, EvaluationCounts } from '../events/evaluation-counts';

/** One answer of a flag as text, with what an entity tag is made of; what depends on the context's key comes behind it. */
export interface Fragment {
  variant: string; ruleId: string | undefined; reason: string;
  /** The whole answer or, of an experiment's rule, all but its end. */
  text: string;
  bytes: Buffer;
  experiment: boolean;
  /** The SHA-256 of the text, its first 128 bits. */
  digest: Int32Array;
  counter: Counter;
}

const metadataOf = ({ metadata, version }: Flag, { ruleId, experimentId, phase, probability }: Served, stale: boolean): Record<string, unknown> => {
  // Names that mean something in an experiment's answer are ours there.
  const { unit: _unit, bucket: _bucket, ...own } = metadata ?? {};
  const receipt = { experimentId, phase: phase ?? 1, probability };
  return { ...(experimentId === undefined ? metadata : own), flagVersion: version ?? 0, ruleId, ...(experimentId === undefined ? {} : receipt), ...(stale ? { stale: true } : {}) };
};

const serialise = (flag: Flag, evaluation: Served, stale: boolean): string => {
  const { value, variant, reason } = evaluation;
  const text = JSON.stringify({ key: flag.key, value, variant, reason, metadata: metadataOf(flag, evaluation, stale) });
  return evaluation.experimentId === undefined ? text : text.slice(0, -2);
};

/** The end of an experiment's answer: what was bucketed, and where it fell. */
export const experimentTail = ({ unit, bucket }: Pick<Evaluation, 'unit' | 'bucket'>): string =>
  `${unit === undefined ? '' : `,"unit":${JSON.stringify(unit)}`}${bucket === undefined ? '' : `,"bucket":${bucket}`}}}`;

/** The answers that one version of a flag has given in one environment: each serialised once, whoever gets it. */
export class FlagAnswers {
  readonly #fragments: Fragment[] = [];

  constructor(readonly flag: Flag, private readonly environment: string, private readonly stale: boolean, private readonly counts: EvaluationCounts) {}

  of(evaluation: Served): Fragment {
    const { variant, ruleId, reason } = evaluation;
    // A flag has a handful of answers, and their names are the same strings each time: no map is faster.
    for (const fragment of this.#fragments) if (fragment.variant === variant && fragment.ruleId === ruleId && fragment.reason === reason) return fragment;
    const text = serialise(this.flag, evaluation, this.stale);
    const bytes = Buffer.from(text);
    const digest = createHash('sha256').update(bytes).digest();
    const fragment: Fragment = {
      variant, ruleId, reason, text, bytes, experiment: evaluation.experimentId !== undefined,
      digest: Int32Array.from([0, 4, 8, 12], (at) => digest.readInt32LE(at)), counter: this.counts.counter(this.flag.key, this.environment, variant, undefined),
    };
    this.#fragments.push(fragment);
    return fragment;
  }

  failed(errorCode: string): Counter {
    return this.counts.counter(this.flag.key, this.environment, undefined, errorCode);
  }
}

import type { Flag } from '@pataka/contracts';
import type { Context, ErrorCode, Evaluation, Served, Tally } from '@pataka/evaluation';
import type { Counter, EvaluationCounts } from '../events/evaluation-counts';
import type { Piece } from './answer-list';
import { Digest } from './digest';
import { failureText } from './ofrep-errors';

/** A flag's answer in a list. */
export interface Part extends Piece {
  /** Which of its flag's answers it is, where it is always the same bytes; else beyond all of these. */
  readonly ordinal: number;
  readonly counter: Counter;
}

const NEVER_THE_SAME = Number.MAX_SAFE_INTEGER;

/** One answer of a flag as text; what depends on the context's key comes behind it. Kept at the engine's shared answer, so that it takes no look-up. */
export class Fragment implements Part, Tally {
  /** Counted by `counter` instead, which answers of the same variant share. */
  readonly count = 0;

  /** The text, with a comma behind it where it is the whole answer. */
  readonly bytes: Buffer;
  readonly digest: Digest;

  /** @param text the whole answer or, of an experiment's rule, all but its end */
  constructor(readonly owner: FlagAnswers, readonly evaluation: Served, readonly text: string, readonly ordinal: number, readonly counter: Counter) {
    this.bytes = Buffer.from(this.experiment ? text : `${text},`);
    this.digest = Digest.ofBytes(this.bytes);
  }

  get experiment(): boolean {
    return this.evaluation.experimentId !== undefined;
  }
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
export const experimentTail = ({ unit, bucket }: { readonly unit: string | undefined; readonly bucket: number | undefined }): string =>
  `${unit === undefined ? '' : `,"unit":${JSON.stringify(unit)}`}${bucket === undefined ? '' : `,"bucket":${bucket}`}}}`;

const ended = ({ bytes, digest, counter }: Fragment, tail: string): Part => ({
  bytes: Buffer.concat([bytes, Buffer.from(`${tail},`)]), digest: digest.with(tail), ordinal: NEVER_THE_SAME, counter,
});

/** The answers that one version of a flag has given in one environment: each serialised once, whoever gets it. */
export class FlagAnswers {
  readonly #fragments: Fragment[] = [];

  constructor(readonly flag: Flag, private readonly environment: string, private readonly stale: boolean, private readonly counts: EvaluationCounts) {}

  /** An evaluation's answer as a part of a list; of an experiment's, what was bucketed stands in the context. */
  partOf(evaluation: Evaluation, context: Context): Part {
    if (evaluation.errorCode !== undefined) return this.#failure(evaluation.errorCode, evaluation.errorDetails);
    const fragment = this.of(evaluation);
    return evaluation.experimentId === undefined ? fragment : ended(fragment, experimentTail(context));
  }

  of(evaluation: Served): Fragment {
    const { tally } = evaluation;
    // Staleness changes the answers of a ruleset that stays: then what is kept at the engine's is another's.
    if (tally instanceof Fragment && tally.owner === this) return tally;
    return (evaluation.tally = this.#find(evaluation) ?? this.#make(evaluation));
  }

  failed(errorCode: string): Counter {
    return this.counts.counter(this.flag.key, this.environment, { errorCode });
  }

  #failure(errorCode: ErrorCode, errorDetails: string): Part {
    const bytes = Buffer.from(`${failureText(this.flag.key, errorCode, errorDetails).text},`);
    return { bytes, digest: Digest.ofBytes(bytes), ordinal: NEVER_THE_SAME, counter: this.failed(errorCode) };
  }

  #find({ variant, ruleId, reason }: Served): Fragment | undefined {
    return this.#fragments.find(({ evaluation: one }) => one.variant === variant && one.ruleId === ruleId && one.reason === reason);
  }

  #make(evaluation: Served): Fragment {
    const text = serialise(this.flag, evaluation, this.stale);
    const counter = this.counts.counter(this.flag.key, this.environment, evaluation);
    const fragment = new Fragment(this, evaluation, text, this.#fragments.length, counter);
    this.#fragments.push(fragment);
    return fragment;
  }
}

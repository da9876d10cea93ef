import type { FlagValue } from '@pataka/contracts';
import { Context } from './context';
import { failed } from './evaluate';
import { unserved, withReceipt, type Evaluation } from './evaluation';
import type { CompiledRuleset } from './ruleset';

/** Passed where no rule of a flag asks for the time. */
const NO_CLOCK = 0;

/**
 * Evaluates flags for contexts as callers have them: what an SDK calls. One context takes in one caller's object after the other,
 * and the clock is read only for flags whose rules ask for it, so that a plain value costs no garbage. Never throws.
 *
 * What every evaluation goes through is written without `??` and `?.`: bundlers for older engines make a function of each.
 */
export class Evaluator {
  private last = new Context();
  private busy = false;

  /**
   * @param ruleset - the flags of one environment; changes applied to it are seen from then on
   * @param now - milliseconds since the epoch; stands in for a context's missing `timestamp`
   */
  constructor(readonly ruleset: CompiledRuleset, private readonly now: () => number) {}

  /**
   * The context of the last decision, until the next: its attributes and targeting key and, where an experiment's rule decided, its unit
   * and bucket (otherwise these are of some decision before).
   */
  get context(): Context {
    return this.last;
  }

  /**
   * The plain value, without making anything.
   *
   * @param raw - the caller's context; it is only read, and not copied
   * @returns the value, or `fallback` wherever {@link evaluate} has an error code
   */
  value<F>(flagKey: string, raw: unknown, fallback: F): FlagValue | F {
    const answer = this.find(flagKey, raw);
    return answer === undefined || answer.errorCode !== undefined ? fallback : answer.value;
  }

  /**
   * The answer as it was made when the flag was compiled, shared by all who get it: the same object for the same outcome of the same
   * flag version, so that a recorder counts at its `tally` (failures may be new objects each time: those it counts by their code). An
   * experiment's answer says nothing of the unit: that stands in {@link context} until the next call.
   */
  decide(flagKey: string, raw: unknown): Evaluation {
    const answer = this.find(flagKey, raw);
    return answer === undefined ? unserved('FLAG_NOT_FOUND', `there is no flag ${flagKey}`) : answer;
  }

  /** The answer, with what an exposure's receipt needs where an experiment's rule decided. */
  evaluate(flagKey: string, raw: unknown): Evaluation {
    const answer = this.decide(flagKey, raw);
    return answer.experimentId === undefined ? answer : withReceipt(answer, this.last.unit, this.last.bucket);
  }

  private find(flagKey: string, raw: unknown): Evaluation | undefined {
    const context = this.busy ? new Context() : this.last; // a getter of the caller's context may evaluate in its turn
    this.busy = true;
    try {
      return this.judge(flagKey, raw, context);
    } catch (error) {
      return failed(error); // a chain of prerequisites too long for the call stack, a getter of the caller that throws
    } finally {
      this.busy = false;
      if (this.last !== context) this.surface(context);
    }
  }

  /** Back from an evaluation within another: what was found out for its context holds for no other. */
  private surface(context: Context): void {
    this.last = context;
    this.ruleset.run += 1;
  }

  private judge(flagKey: string, raw: unknown, context: Context): Evaluation | undefined {
    const fault = context.take(raw);
    if (fault !== undefined) return unserved(fault.errorCode, fault.errorDetails);
    const flag = this.ruleset.begin(flagKey);
    if (flag === undefined) return undefined;
    const { timestampMs } = context;
    if (timestampMs !== undefined) return flag.decide(context, timestampMs);
    return flag.decide(context, flag.needsClock ? this.now() : NO_CLOCK);
  }
}

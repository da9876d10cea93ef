import { failure, type Details, type Expected } from './details';
import type { EvaluationContext } from './flag-types';

/** What a hook learns of the evaluation it takes part in. */
export type HookContext = {
  readonly flagKey: string;
  readonly defaultValue: unknown;
  readonly flagValueType: Expected;
  readonly context: EvaluationContext;
  /** What one hook's stages pass on to each other within one evaluation. */
  readonly hookData: Map<string, unknown>;
};

/**
 * Takes part in evaluations, with the stages that OpenFeature names. Native evaluations are synchronous, and so are their hooks.
 * An error in `before` makes the evaluation answer the fallback; no error ever reaches the caller.
 */
export type Hook = {
  /** May return attributes that are added to the context. */
  before?(hookContext: HookContext): EvaluationContext | void;
  after?(hookContext: HookContext, details: Details<unknown>): void;
  error?(hookContext: HookContext, error: unknown): void;
  finally?(hookContext: HookContext, details: Details<unknown>): void;
};

type Asked<T> = { readonly flagKey: string; readonly fallback: T; readonly expected: Expected; readonly context: EvaluationContext };

const quietly = (work: () => void): void => {
  try {
    work();
  } catch {
    // What a hook does wrong in its last stages changes no answer.
  }
};

/** The stages of one evaluation: `before` in order, the others in reverse. */
class Stages<T> {
  private context: EvaluationContext;
  private readonly data: readonly Map<string, unknown>[];

  constructor(private readonly hooks: readonly Hook[], private readonly asked: Asked<T>) {
    this.context = asked.context;
    this.data = hooks.map(() => new Map());
  }

  run(resolve: (context: EvaluationContext) => Details<T>): Details<T> {
    const details = this.resolved(resolve);
    this.backwards((hook, context) => hook.finally?.(context, details));
    return details;
  }

  private resolved(resolve: (context: EvaluationContext) => Details<T>): Details<T> {
    try {
      this.before();
      const details = resolve(this.context);
      if (details.errorCode !== undefined) this.tellError(new Error(details.errorDetails ?? details.errorCode));
      else for (let index = this.hooks.length - 1; index >= 0; index -= 1) this.hooks[index]!.after?.(this.contextOf(index), details);
      return details;
    } catch (error) {
      this.tellError(error);
      return failure(this.asked.fallback, 'GENERAL', error instanceof Error ? error.message : 'a hook failed');
    }
  }

  private before(): void {
    this.hooks.forEach((hook, index) => {
      const more = hook.before?.(this.contextOf(index));
      if (typeof more === 'object' && more !== null) this.context = { ...this.context, ...more };
    });
  }

  private tellError(error: unknown): void {
    this.backwards((hook, context) => hook.error?.(context, error));
  }

  private backwards(stage: (hook: Hook, context: HookContext) => void): void {
    for (let index = this.hooks.length - 1; index >= 0; index -= 1) quietly(() => stage(this.hooks[index]!, this.contextOf(index)));
  }

  private contextOf(index: number): HookContext {
    const { flagKey, fallback, expected } = this.asked;
    return { flagKey, defaultValue: fallback, flagValueType: expected, context: this.context, hookData: this.data[index]! };
  }
}

/** Runs an evaluation through its hooks. Never throws. */
export const withHooks = <T>(hooks: readonly Hook[], asked: Asked<T>, resolve: (context: EvaluationContext) => Details<T>): Details<T> => new Stages(hooks, asked).run(resolve);

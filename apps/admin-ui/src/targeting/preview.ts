import type { Calendar, Flag, JsonObject, JsonValue, Region, Segment } from '@pataka/contracts';
import { compileRuleset, evaluate, explain, type Evaluation, type Explanation, prepareContext } from '@pataka/evaluation';

/** What an evaluation rests on beside the flag itself. */
export interface World { flags: readonly Flag[]; segments: readonly Segment[]; regions: readonly Region[]; calendars: readonly Calendar[] }
/** How many of a sample get what: by rule (`''`: the default), by variant; `failed` could not be judged here. */
export interface Reach { size: number; byRule: ReadonlyMap<string, number>; byVariant: ReadonlyMap<string, number>; failed: number }
/** How many would get something else, and who for example. */
export interface WhatIf { size: number; moved: number; moves: readonly { from: string; to: string; count: number; example: string }[]; failed: number }

const compiledWith = (world: World, flag: Flag, environment: string) =>
  compileRuleset({ environment, position: 0, flags: [...world.flags.filter(({ key }) => key !== flag.key), flag], segments: world.segments, regions: world.regions, calendars: world.calendars });

const answersOf = (world: World, flag: Flag, environment: string, contexts: readonly JsonObject[], nowMs: number): Evaluation[] => {
  const ruleset = compiledWith(world, flag, environment);
  return contexts.map((raw) => {
    const context = prepareContext(raw);
    return 'errorCode' in context ? ({ errorCode: context.errorCode } as Evaluation) : evaluate(ruleset, flag.key, context, nowMs);
  });
};

const count = (counts: Map<string, number>, name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);

export const reachOf = (world: World, flag: Flag, environment: string, contexts: readonly JsonObject[], nowMs: number): Reach => {
  const byRule = new Map<string, number>();
  const byVariant = new Map<string, number>();
  let failed = 0;
  for (const answer of answersOf(world, flag, environment, contexts, nowMs)) {
    if (answer.errorCode !== undefined) failed += 1;
    else {
      count(byRule, answer.ruleId ?? '');
      count(byVariant, answer.variant ?? '');
    }
  }
  return { size: contexts.length, byRule, byVariant, failed };
};

const outcomeOf = (answer: Evaluation): string => (answer.errorCode === undefined ? JSON.stringify(answer.value) : `! ${answer.errorCode}`);

/** The same people under the saved flag and under a draft of it. */
export const whatIf = (world: World, { saved, draft }: { saved: Flag; draft: Flag }, environment: string, contexts: readonly JsonObject[], nowMs: number): WhatIf => {
  const before = answersOf(world, saved, environment, contexts, nowMs);
  const after = answersOf(world, draft, environment, contexts, nowMs);
  const moves = new Map<string, { from: string; to: string; count: number; example: string }>();
  for (const [index, answer] of after.entries()) {
    const [from, to] = [outcomeOf(before[index]!), outcomeOf(answer)];
    if (from === to) continue;
    const move = moves.get(`${from}\n${to}`) ?? { from, to, count: 0, example: String(contexts[index]!['targetingKey'] ?? '') };
    move.count += 1;
    moves.set(`${from}\n${to}`, move);
  }
  const sorted = [...moves.values()].sort((a, b) => b.count - a.count);
  return { size: contexts.length, moved: sorted.reduce((sum, move) => sum + move.count, 0), moves: sorted, failed: after.filter((answer) => answer.errorCode !== undefined).length };
};

/** Why somebody gets what they get under a draft; a text where the context itself is refused. */
export const explainDraft = (world: World, draft: Flag, environment: string, raw: JsonValue, nowMs: number): Explanation | string => {
  const context = prepareContext(raw);
  return 'errorCode' in context ? context.errorDetails : explain(compiledWith(world, draft, environment), draft.key, context, nowMs);
};

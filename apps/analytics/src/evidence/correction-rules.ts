import type { Correction } from '@pataka/contracts';
import type { Feed } from './evidence-plan';
import { correctionName } from './exposure-note';
import { divide, ONE, unitsOf, type Units } from './fixed-point';
import { parseInstant, type Micros } from './instant';

/** What a correction may look at of an exposure and of a conversion. */
interface Exposed { at: Micros; unit: string; targetKey: string; variant: string }
interface Converted { at: Micros; key: string; metric: string; value: Units }

interface Interval { from: Micros; until: Micros }
const within = (at: Micros, { from, until }: Interval): boolean => at >= from && at < until;
const intervalOf = ({ from, until }: Correction): Interval => ({
  from: from === undefined ? -Infinity : (parseInstant(from) ?? Infinity), until: until === undefined ? Infinity : (parseInstant(until) ?? -Infinity),
});

/** A value as it should have been; null leaves the event out. */
type ChangeValue = (value: Units) => Units | null;
const changeOf = ({ action = 'exclude', factor = 1, value = 0 }: Correction): ChangeValue => {
  const [times, instead] = [unitsOf(factor), unitsOf(value)];
  const changes: Record<typeof action, ChangeValue> = { exclude: () => null, multiply: (before) => divide(before * times, ONE), replace: () => instead };
  return changes[action];
};

interface ValueRule extends Interval { metric: string; subjects: ReadonlySet<string> | null; change: ChangeValue }
interface BrokenRule extends Interval { variant: string | null; exposures: boolean; conversions: boolean }
interface Place { unit: string; variant: string }

/** The corrections in force for one experiment. In order of their ids, so that what several make of one event does not depend on which came first. */
export class CorrectionRules {
  private readonly values: ValueRule[] = [];
  private readonly broken: BrokenRule[] = [];
  private readonly left = new Map<string, string>();

  constructor(corrections: readonly Correction[]) {
    for (const correction of [...corrections].sort((a, b) => (a.id < b.id ? -1 : 1))) this.add(correction);
  }

  private add(correction: Correction): void {
    const { id, kind, of = 'both', subjects, variantId } = correction;
    if (kind === 'values') this.values.push({ ...intervalOf(correction), metric: correction.metric!, subjects: subjects === undefined ? null : new Set(subjects), change: changeOf(correction) });
    if (kind === 'broken') this.broken.push({ ...intervalOf(correction), variant: variantId ?? null, exposures: of !== 'conversions', conversions: of !== 'exposures' });
    if (kind === 'subjects') for (const subject of subjects ?? []) if (!this.left.has(subject)) this.left.set(subject, correctionName(id));
  }

  /** Under which name a unit is left out; null where it counts. */
  excludes(unit: string): string | null {
    return this.left.get(unit) ?? null;
  }

  /** Whether an exposure is as if it had not been: a broken variant's, or one under a key that is left out of a unit that is not. */
  ignores({ at, unit, targetKey, variant }: Exposed): boolean {
    if (this.broken.some((rule) => rule.exposures && within(at, rule) && (rule.variant === null || rule.variant === variant))) return true;
    return targetKey !== unit && this.left.has(targetKey) && !this.left.has(unit);
  }

  /** What a conversion feeds once corrected. */
  correct(fact: Converted, { unit, variant }: Place, feeds: readonly Feed[]): readonly Feed[] {
    if (this.broken.some((rule) => rule.conversions && within(fact.at, rule) && (rule.variant === null || rule.variant === variant))) return [];
    if (fact.key !== unit && this.left.has(fact.key)) return [];
    const own = this.values.filter((rule) => within(fact.at, rule) && (rule.subjects === null || rule.subjects.has(fact.key) || rule.subjects.has(unit)));
    return own.length === 0 ? feeds : feeds.flatMap((feed) => corrected(feed, fact, own));
  }
}

const corrected = (feed: Feed, fact: Converted, rules: readonly ValueRule[]): Feed[] => {
  let value: Units | null = fact.value;
  let touched = false;
  for (const { metric, change } of rules) {
    // By the name that conversions carry, or for one metric alone.
    if (value === null || (metric !== fact.metric && (metric !== feed.metric.key || feed.part === 'x'))) continue;
    [value, touched] = [change(value), true];
  }
  if (value === null) return [];
  return [touched ? { ...feed, value } : feed];
};

/** The rules of some corrections; null where there are none, so that nothing is looked for. */
export const correctionRules = (corrections: readonly Correction[]): CorrectionRules | null => (corrections.length === 0 ? null : new CorrectionRules(corrections));

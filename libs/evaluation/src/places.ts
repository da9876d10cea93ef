import type { Calendar, Flag, Segment } from '@pataka/contracts';
import { compileCalendar } from './calendar';
import { compileFlag, type Decider, type FlagScope } from './compiled-flag';
import type { Scope } from './condition';
import type { Context, Test } from './context';
import type { Rings } from './cycle';
import type { Evaluation } from './evaluation';
import { compileSegment, type SegmentScope } from './segment';

// Whoever refers to a flag, segment or calendar holds its place, not what is in it: a change replaces the document in one
// place and touches nothing else. What a place holds is compiled when it is first needed.

/** What the places of a ruleset share. */
export type Places = FlagScope & SegmentScope & {
  /** Numbers the evaluation under way, so that what several rules or prerequisites ask for is found out once in it. */
  readonly run: number;
  /** Which segments refer to themselves, directly or by way of others. */
  readonly segmentRings: Rings;
};

/** The place of a calendar. */
export class CalendarPlace {
  private calendar: Calendar | undefined;
  private test: Test | undefined;

  constructor(private readonly scope: Scope) {}

  get document(): Calendar | undefined {
    return this.calendar;
  }

  put(calendar: Calendar | undefined): void {
    this.calendar = calendar;
    this.test = undefined;
  }

  contains(context: Context, at: number): boolean {
    if (this.calendar === undefined) return false;
    return (this.test ??= compileCalendar(this.calendar, this.scope))(context, at);
  }
}

/** The place of a segment. One whose references lead into a ring contains nothing. */
export class SegmentPlace {
  private segment: Segment | undefined;
  private test: Test | undefined;
  private run = -1;
  private answer = false;

  constructor(private readonly key: string, private readonly places: Places) {}

  get document(): Segment | undefined {
    return this.segment;
  }

  put(segment: Segment | undefined): void {
    this.segment = segment;
    this.test = undefined;
  }

  contains(context: Context, at: number): boolean {
    if (this.segment === undefined) return false;
    const { run } = this.places;
    if (this.run === run) return this.answer;
    this.answer = !this.places.segmentRings.bind(this.key) && (this.test ??= compileSegment(this.segment, this.places))(context, at);
    this.run = run;
    return this.answer;
  }
}

/** The place of a flag. */
export class FlagPlace {
  private flag: Flag | undefined;
  private decider: Decider | undefined;
  private run = -1;
  private answer: Evaluation | undefined;

  constructor(private readonly places: Places) {}

  get document(): Flag | undefined {
    return this.flag;
  }

  put(flag: Flag | undefined): void {
    this.flag = flag;
    this.decider = undefined;
  }

  /** The compiled flag; undefined where there is no flag. */
  get compiled(): Decider | undefined {
    if (this.decider !== undefined || this.flag === undefined) return this.decider;
    return (this.decider = compileFlag(this.flag, this.places));
  }

  /** The flag's answer as another flag's prerequisite: a flag that many need is evaluated once. */
  decideOnce(context: Context, at: number): Evaluation | undefined {
    const { run } = this.places;
    if (this.run === run) return this.answer;
    this.answer = this.compiled?.decide(context, at);
    this.run = run;
    return this.answer;
  }
}

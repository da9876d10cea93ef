import type { OutgoingEvent } from './outgoing-event';

/** A bounded first-in-first-out queue; what does not fit pushes out the oldest, which is counted. */
export class EventQueue {
  private events: (OutgoingEvent | undefined)[] = [];
  private head = 0;
  private gone = 0;
  private lost = 0;

  constructor(private readonly limit: number) {}

  get size(): number {
    return this.events.length - this.head;
  }

  /** The number of the oldest event here: how many have left before it. */
  get first(): number {
    return this.gone;
  }

  /** How many were pushed out so far. */
  get dropped(): number {
    return this.lost;
  }

  /** Adds an event; true where the oldest had to go for it. */
  add(event: OutgoingEvent): boolean {
    this.events.push(event);
    if (this.size <= this.limit) return false;
    this.lost += 1;
    this.settle(this.gone + 1);
    return true;
  }

  /** The oldest events, at most `count` of them. They stay until they are settled. */
  peek(count: number): OutgoingEvent[] {
    return this.events.slice(this.head, this.head + count) as OutgoingEvent[];
  }

  /** Removes the events before a number; those that were pushed out meanwhile are none of them. */
  settle(before: number): void {
    const count = Math.min(before - this.gone, this.size);
    if (count <= 0) return;
    this.events.fill(undefined, this.head, this.head + count);
    this.head += count;
    this.gone += count;
    // Moving what is left costs less than one step per event, amortised.
    if (this.head * 2 < this.events.length) return;
    this.events = this.events.slice(this.head);
    this.head = 0;
  }
}

import { EventQueue } from './event-queue';
import { newEventId, type NewEvent, type OutgoingEvent } from './outgoing-event';
import type { EventSink } from './recorder';

/** Gives every event its identity and its number in this session, and keeps it until it is delivered. */
export class Outbox implements EventSink {
  readonly sessionId = newEventId(Date.now());
  readonly queue: EventQueue;
  /** Called with each event that is added, and whether the oldest had to go for it. */
  onAdded: ((event: OutgoingEvent, pushedOut: boolean) => void) | undefined = undefined;
  private sequence = 0;

  constructor(limit: number) {
    this.queue = new EventQueue(limit);
  }

  add(event: NewEvent): void {
    const numbered = { id: newEventId(Date.now()), ...event, session: { id: this.sessionId, sequence: this.sequence } };
    this.sequence += 1;
    const pushedOut = this.queue.add(numbered);
    this.onAdded?.(numbered, pushedOut);
  }

  /** Puts back what an earlier process left behind, as it was. */
  adopt(event: OutgoingEvent): void {
    this.queue.add(event);
  }
}

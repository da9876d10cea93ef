import { Catch, type RpcExceptionFilter } from '@nestjs/common';
import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { defaultIfEmpty, isObservable, lastValueFrom, type Observable, throwError } from 'rxjs';
import { decodeInStretches } from './cloud-event-decode';
import type { EventBatch } from './event-batch';
import type { Consumption, EventLog, RecordBatch, Subscription } from './event-log';
import { asError } from './log-backoff';

/** What a consumer says in `@EventPattern(topic, undefined, …)`. */
export interface ConsumerExtras {
  /** The consumer group: its members share the partitions. */
  group: string;
  /** true: every process reads everything. */
  broadcast?: boolean;
}

/** What the transport works on. */
export interface EventLogTransportOptions {
  log: EventLog;
  /** The checkpoint of a group; without it reading starts at the beginning. */
  position?: (group: string, topic: string, partition: number) => Promise<string>;
  /** Hears of every failed batch, which is then retried. */
  onError?: (error: Error, group: string) => void;
  /** Hears whether a group reads. */
  onState?: (group: string, state: 'reading' | 'failing') => void;
  /** Hears of every batch before it is handled, each time it is tried, and after it has taken effect. */
  onBatch?: (group: string, batch: EventBatch, stage: 'begun' | 'taken') => void;
}

type Outcome = { seek: string } | undefined;
type BatchHandler = MessageHandler<EventBatch, undefined, Outcome>;

interface Consumer { topics: Map<string, BatchHandler>; broadcast: boolean }

const chainOf = (head: BatchHandler): BatchHandler[] => {
  const chain: BatchHandler[] = [];
  for (let handler: BatchHandler | undefined = head; handler; ) {
    const { next }: BatchHandler = handler;
    // Nest calls the rest of the chain from each link; here every handler is called for itself, since each has a group of its own.
    delete handler.next;
    chain.push(handler);
    handler = next as BatchHandler | undefined;
  }
  return chain;
};

/**
 * Nest's transport over the event log. A handler is an `@EventPattern(topic, undefined, { group })` method; it gets an `EventBatch` and
 * returns when the batch has taken effect, or `{ seek }`. A throw is retried with back-off from the same place.
 */
export class EventLogTransport extends Server implements CustomTransportStrategy {
  private readonly consumptions: Consumption[] = [];

  constructor(private readonly options: EventLogTransportOptions) {
    super();
  }

  /** Called by Nest: starts one subscription per group. */
  listen(callback: (error?: unknown) => void): void {
    this.subscribeAll().then(() => callback(), callback);
  }

  /** Called by Nest: waits for the batches under way. */
  async close(): Promise<void> {
    await Promise.all(this.consumptions.splice(0).map((consumption) => consumption.stop()));
  }

  /** The log. */
  unwrap<T>(): T {
    return this.options.log as T;
  }

  /** There are no events of the transport itself; `onState` tells what there is to tell. */
  on(): void {}

  private async subscribeAll(): Promise<void> {
    for (const [group, consumer] of this.consumers()) this.consumptions.push(await this.options.log.subscribe(this.subscription(group, consumer)));
  }

  private consumers(): Map<string, Consumer> {
    const consumers = new Map<string, Consumer>();
    for (const [topic, head] of this.messageHandlers) {
      for (const handler of chainOf(head as BatchHandler)) {
        const { group, broadcast = false } = (handler.extras ?? {}) as Partial<ConsumerExtras>;
        if (handler.isEventHandler !== true || group === undefined) throw new Error(`the handler of ${topic} names no consumer group`);
        const consumer = consumers.get(group) ?? { topics: new Map<string, BatchHandler>(), broadcast };
        if (consumer.topics.has(topic) || consumer.broadcast !== broadcast) throw new Error(`the group ${group} is handled in two ways for ${topic}`);
        consumer.topics.set(topic, handler);
        consumers.set(group, consumer);
      }
    }
    return consumers;
  }

  private subscription(group: string, { topics, broadcast }: Consumer): Subscription {
    const { position, onState, onError } = this.options;
    return {
      group, broadcast, topics: [...topics.keys()],
      onBatch: (batch) => this.handle(group, topics, batch),
      onState: (state, error) => {
        onState?.(group, state);
        if (error) onError?.(error, group);
      },
      ...(position ? { position: (topic: string, partition: number) => position(group, topic, partition) } : {}),
    };
  }

  private async handle(group: string, topics: Map<string, BatchHandler>, batch: RecordBatch): Promise<void | { seek: string }> {
    const handler = topics.get(batch.topic);
    if (!handler) throw new Error(`no handler for ${batch.topic}`);
    try {
      // Nest answers with an observable where a filter took an error: only subscribing to it brings the error to light.
      const decoded = await decodeInStretches(batch);
      this.options.onBatch?.(group, decoded, 'begun');
      const answer = await handler(decoded);
      const outcome = isObservable(answer) ? await lastValueFrom(answer.pipe(defaultIfEmpty(undefined))) : answer;
      this.options.onBatch?.(group, decoded, 'taken');
      return outcome;
    } catch (error) {
      throw error instanceof Error ? error : new Error(messageOf(error), { cause: error });
    }
  }
}

/** Nest's own filter makes `{ status, message }` of any error, after it has logged it. */
const messageOf = (thrown: unknown): string => {
  const { message } = (thrown ?? {}) as { message?: unknown };
  return typeof message === 'string' ? message : String(thrown);
};

/**
 * For `microservice.useGlobalFilters(new RethrowConsumerErrors())`: hands a consumer's error on as it is, where Nest's default filter
 * would log it and put 'Internal server error' in its place. Then `onError` hears the real reason.
 */
@Catch()
export class RethrowConsumerErrors implements RpcExceptionFilter {
  catch(exception: unknown): Observable<never> {
    return throwError(() => asError(exception));
  }
}

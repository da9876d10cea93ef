import type { Checkpoints } from './checkpoint';
import type { Database, Sql } from './database';
import { isTransient } from './database-errors';
import { deadLetterRecord } from './dead-letters';
import type { EventBatch, ReceivedEvent, Refused } from './event-batch';
import type { EventLog } from './event-log';
import type { Generations } from './generations';
import { enqueueAll } from './outbox-relay-table';
import { isProcessManager, type ProcessManager } from './process-manager';
import type { Projection } from './projection';
import { piecesOf, placeOf, refusalOf, type Place } from './projection-runner-batch';
import { writeBatch } from './projection-runner-write';

/** What writing the live generations needs. */
export interface LiveWriterParts {
  database: Database;
  schema: string;
  log: EventLog;
  checkpoints: Checkpoints;
  generations: Generations;
  now: () => string;
}

type Answer = void | { seek: string };

const TRIES = 3;
const MOST_RACES = 10;
const PIECE = 100;

/** Someone else has moved the checkpoint since it was read. */
class LostRace extends Error {}

/** Applies batches to live generations, each record once. */
export class LiveWriter {
  private readonly begun = new Set<string>();

  constructor(private readonly parts: LiveWriterParts) {}

  async apply(projection: Projection, batch: EventBatch): Promise<Answer> {
    let holeAt: string | null | undefined;
    if (!this.begun.has(projection.name)) await this.parts.generations.ensureLive(projection);
    this.begun.add(projection.name);
    for (let race = 0; ; race += 1) {
      try {
        const place = isProcessManager(projection) ? await this.react(projection, batch, holeAt) : await this.write(projection, batch, holeAt);
        if (place.kind === 'elsewhere') return { seek: place.at };
        if (place.kind !== 'gap') return undefined;
        const missed = await this.firstBetween(batch, place.at);
        if (missed !== null) return { seek: missed };
        holeAt = place.at;
      } catch (error) {
        if (!(error instanceof LostRace) || race >= MOST_RACES) throw error;
      }
    }
  }

  /** One transaction with the rows, the checkpoint and the dead letters. */
  private async write(projection: Projection, batch: EventBatch, holeAt: string | null | undefined): Promise<Place> {
    let place: Place = { kind: 'done' };
    const applied = await writeBatch(this.parts.database, projection, {
      claim: async (sql) => {
        const found = await this.place(sql, projection.name, batch, holeAt);
        place = found.place;
        if (found.place.kind !== 'due') return null;
        await this.move(sql, projection.name, found, found.place.batch);
        return { schema: this.parts.generations.schemaOf(projection.name, found.generation), batch: found.place.batch };
      },
      conclude: (sql, refused) => this.bury(sql, projection.name, [...(place.kind === 'due' ? place.batch.refused : []), ...refused]),
    });
    if (applied !== null) projection.committed?.(applied);
    return place;
  }

  /** Effects first, then the checkpoint: they are commands, which know their idempotency keys. */
  private async react(manager: ProcessManager, batch: EventBatch, holeAt: string | null | undefined): Promise<Place> {
    const { database } = this.parts;
    const found = await this.place(database, manager.name, batch, holeAt);
    if (found.place.kind !== 'due') return found.place;
    let { at } = found;
    for (const piece of piecesOf(found.place.batch, PIECE)) {
      const refused = [...piece.refused];
      for (const event of piece.events) refused.push(...(await this.reactTo(manager, event)));
      await database.transaction(async (sql) => {
        await this.move(sql, manager.name, { ...found, at }, piece);
        await this.bury(sql, manager.name, refused);
      });
      at = piece.nextOffset;
    }
    return found.place;
  }

  private async reactTo(manager: ProcessManager, event: ReceivedEvent): Promise<Refused[]> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await manager.react(event, this.parts.database);
        return [];
      } catch (error) {
        if (isTransient(error)) throw error;
        if (attempt >= TRIES) return [refusalOf(event, error)];
      }
    }
  }

  private async place(sql: Sql, projection: string, batch: EventBatch, holeAt: string | null | undefined) {
    const generation = await this.parts.generations.live(sql, projection);
    if (generation === null) throw new LostRace();
    const at = await this.parts.checkpoints.find(sql, { projection, generation, topic: batch.topic, partition: batch.partition });
    return { generation, at, place: placeOf(batch, at, holeAt) };
  }

  private async move(sql: Sql, projection: string, { generation, at }: { generation: number; at: string | null }, batch: EventBatch): Promise<void> {
    // The first checkpoint of a partition has no row that a swap could have locked.
    if (at === null && !(await this.parts.generations.holdLive(sql, projection, generation))) throw new LostRace();
    const moved = await this.parts.checkpoints.move(sql, { projection, generation, topic: batch.topic, partition: batch.partition }, at, batch.nextOffset);
    if (!moved) throw new LostRace();
  }

  private async bury(sql: Sql, consumer: string, refused: readonly Refused[]): Promise<void> {
    const now = this.parts.now();
    await enqueueAll(sql, this.parts.schema, refused.map((one) => deadLetterRecord(consumer, one, now)));
  }

  /** Offset to go back to when records lie between a checkpoint and a batch, null when only a hole does. */
  private async firstBetween({ topic, partition, firstOffset }: EventBatch, at: string | null): Promise<string | null> {
    const low = (await this.parts.log.offsets(topic)).find((one) => one.partition === partition)?.low ?? '0';
    const from = BigInt(at ?? 0) > BigInt(low) ? String(at) : low;
    if (BigInt(firstOffset) <= BigInt(from)) return null;
    for await (const { records } of this.parts.log.read(topic, partition, from, firstOffset)) if (records.length > 0) return from;
    return null;
  }
}

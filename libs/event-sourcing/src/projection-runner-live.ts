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
import { merged, piecesOf, placeOf, refusalOf, type Place } from './projection-runner-batch';
import { isFaultOfEvent, writeBatch } from './projection-runner-write';

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

/** What became of the events of a batch that a projection has taken. */
export interface Applied { ok: number; duplicate: number; deadLetter: number }
type AppliedListener = (projection: string, applied: Applied) => void;

const TRIES = 3;
const MOST_RACES = 10;
const PIECE = 100;

/** Someone else has moved the checkpoint since it was read. */
class LostRace extends Error {}

const isDone = ({ kind }: Place): boolean => kind === 'done';

/** Applies batches to live generations, each record once. */
export class LiveWriter {
  private readonly begun = new Set<string>();
  private readonly listeners: AppliedListener[] = [];

  constructor(private readonly parts: LiveWriterParts) {}

  /** Called after each batch that has taken effect. */
  onApplied(listener: AppliedListener): void {
    this.listeners.push(listener);
  }

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

  /**
   * Several batches of one topic, each of another partition, in one transaction: statements are then fewer by as much. False, and nothing done, when
   * that cannot be: a first batch, one that lies elsewhere, an event that fails.
   */
  async applyTogether(projection: Projection, batches: readonly EventBatch[]): Promise<boolean> {
    try {
      let buried = 0;
      const applied = await this.parts.database.transaction(async (sql) => {
        const generation = await this.liveOf(sql, projection);
        const [first, ...others] = await this.claimAll(sql, projection, generation, batches);
        if (first === undefined) return null;
        const batch = merged([first, ...others]);
        const refused = await projection.apply(sql, this.parts.generations.schemaOf(projection.name, generation), batch);
        await this.bury(sql, projection.name, [...batch.refused, ...refused]);
        buried = refused.length;
        return batch;
      });
      if (applied !== null) projection.committed?.(applied);
      this.tell(projection.name, batches, applied, buried);
      return true;
    } catch (error) {
      if (error instanceof LostRace || isFaultOfEvent(error)) return false;
      throw error;
    }
  }

  /** Moves the checkpoints of all batches; what of them is due. */
  private async claimAll(sql: Sql, projection: Projection, generation: number, batches: readonly EventBatch[]): Promise<EventBatch[]> {
    const checkpoints = new Map((await this.parts.checkpoints.list(sql, projection.name, generation)).map(({ topic, partition, offset }) => [`${topic}/${partition}`, offset]));
    const due = batches.flatMap((batch) => {
      const from = checkpoints.get(`${batch.topic}/${batch.partition}`) ?? null;
      const place = placeOf(batch, from, undefined);
      if (from === null || (place.kind !== 'due' && place.kind !== 'done')) throw new LostRace();
      return place.kind === 'due' ? [{ from, batch: place.batch }] : [];
    });
    const moves = due.map(({ from, batch: { topic, partition, nextOffset } }) => ({ topic, partition, from, to: nextOffset }));
    if (!(await this.parts.checkpoints.moveAll(sql, projection.name, generation, moves))) throw new LostRace();
    return due.map(({ batch }) => batch);
  }

  private async liveOf(sql: Sql, projection: { name: string }): Promise<number> {
    const generation = await this.parts.generations.live(sql, projection.name);
    if (generation === null) throw new LostRace();
    return generation;
  }

  /** One transaction with the rows, the checkpoint and the dead letters. */
  private async write(projection: Projection, batch: EventBatch, holeAt: string | null | undefined): Promise<Place> {
    let place: Place = { kind: 'done' };
    let buried = 0;
    const applied = await writeBatch(this.parts.database, projection, {
      claim: async (sql) => {
        const found = await this.place(sql, projection, batch, holeAt);
        place = found.place;
        if (found.place.kind !== 'due') return null;
        await this.move(sql, projection.name, found, found.place.batch);
        return { schema: this.parts.generations.schemaOf(projection.name, found.generation), batch: found.place.batch };
      },
      conclude: (sql, refused) => {
        buried = refused.length;
        return this.bury(sql, projection.name, [...(place.kind === 'due' ? place.batch.refused : []), ...refused]);
      },
    });
    if (applied !== null) projection.committed?.(applied);
    if (applied !== null || isDone(place)) this.tell(projection.name, [batch], applied, buried);
    return place;
  }

  /** Effects first, then the checkpoint: they are commands, which know their idempotency keys. */
  private async react(manager: ProcessManager, batch: EventBatch, holeAt: string | null | undefined): Promise<Place> {
    const { database } = this.parts;
    const found = await this.place(database, manager, batch, holeAt);
    if (isDone(found.place)) this.tell(manager.name, [batch], null, 0);
    if (found.place.kind !== 'due') return found.place;
    let { at } = found;
    let buried = 0;
    for (const piece of piecesOf(found.place.batch, PIECE)) {
      const refused = [...piece.refused];
      for (const event of piece.events) refused.push(...(await this.reactTo(manager, event)));
      await database.transaction(async (sql) => {
        await this.move(sql, manager.name, { ...found, at }, piece);
        await this.bury(sql, manager.name, refused);
      });
      at = piece.nextOffset;
      buried += refused.length - piece.refused.length;
    }
    this.tell(manager.name, [batch], found.place.batch, buried);
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

  /** `applied` is what of the batches was due; `buried` how many of its events could be decoded and yet not be taken. */
  private tell(projection: string, batches: readonly EventBatch[], applied: EventBatch | null, buried: number): void {
    if (this.listeners.length === 0) return;
    const [given, due] = [batches.reduce((sum, { events }) => sum + events.length, 0), applied?.events.length ?? 0];
    const told = { ok: due - buried, duplicate: given - due, deadLetter: buried + (applied?.refused.length ?? 0) };
    for (const listener of this.listeners) listener(projection, told);
  }

  private async place(sql: Sql, projection: { name: string }, batch: EventBatch, holeAt: string | null | undefined) {
    const generation = await this.liveOf(sql, projection);
    const at = await this.parts.checkpoints.find(sql, { projection: projection.name, generation, topic: batch.topic, partition: batch.partition });
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

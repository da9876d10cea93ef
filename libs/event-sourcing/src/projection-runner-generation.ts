import type { Checkpoints } from './checkpoint';
import { decodeBatch } from './cloud-event-decode';
import type { Database, Sql } from './database';
import type { EventBatch } from './event-batch';
import type { EventLog } from './event-log';
import type { Generations } from './generations';
import type { Projection } from './projection';
import { batchOf } from './projection-runner-batch';

/** Records of a partition: `from` inclusive, `until` exclusive. */
export interface Range { topic: string; partition: number; from: string; until: string }

/** What the building of a generation works with. */
export interface BuildParts {
  database: Database;
  log: EventLog;
  checkpoints: Checkpoints;
  generations: Generations;
  projection: Projection;
  /** Leaves out what happened after this instant. */
  until?: string | undefined;
}

/** A generation that is being built: what it reads of the log, and its checkpoints. */
export class BuildingGeneration {
  readonly schema: string;

  constructor(readonly parts: BuildParts, readonly generation: number) {
    this.schema = parts.generations.schemaOf(parts.projection.name, generation);
  }

  /** The batches of a range, without what happened too late. */
  async *batches({ topic, partition, from, until }: Range): AsyncIterable<EventBatch> {
    if (BigInt(from) >= BigInt(until)) return;
    for await (const records of this.parts.log.read(topic, partition, from, until)) yield this.upToInstant(decodeBatch(records));
  }

  /** Where it is in a partition; null before its first batch. */
  at(sql: Sql, topic: string, partition: number): Promise<string | null> {
    return this.parts.checkpoints.find(sql, this.place(topic, partition));
  }

  /** Moves the checkpoint behind a batch. */
  async claim(sql: Sql, { topic, partition, nextOffset }: EventBatch): Promise<void> {
    if (await this.parts.checkpoints.move(sql, this.place(topic, partition), await this.at(sql, topic, partition), nextOffset)) return;
    throw new Error(`someone else fills ${this.schema}`);
  }

  private place(topic: string, partition: number) {
    return { projection: this.parts.projection.name, generation: this.generation, topic, partition };
  }

  private upToInstant(batch: EventBatch): EventBatch {
    if (this.parts.until === undefined) return batch;
    const until = Date.parse(this.parts.until);
    return batchOf(batch, batch.events.filter(({ time, record }) => (time === null ? record.timestamp : Date.parse(time)) <= until));
  }
}

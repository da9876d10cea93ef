import type { NewRecord } from './event-log';
import { type PlacedRecord, placeRecord } from './log-record';

/** Gives records their partitions, looking up how many their topics have. */
export class LogPlacement {
  private turn = Math.floor(Math.random() * 0x7fffffff);

  constructor(private readonly partitionsOf: (topic: string) => Promise<number>) {}

  /** Rejects when a topic is not there, a partition is not the topic's, or a record is too large; then nothing is sent. */
  async place(records: readonly NewRecord[]): Promise<PlacedRecord[]> {
    const counts = new Map<string, number>();
    for (const { topic } of records) if (!counts.has(topic)) counts.set(topic, await this.partitionsOf(topic));
    return records.map((record) => placeRecord(record, counts.get(record.topic) ?? 0, () => this.turn++ & 0x7fffffff));
  }
}

import { randomUUID } from 'node:crypto';
import type { TopicDefinition } from '@pataka/contracts';
import { Client } from 'pg';
import { TestReader, until } from './event-log.contract';
import { describeKilledLog } from './event-log-kill.contract';
import { pause } from './log-backoff';
import { KillableService } from './log-testing.contract';
import { PostgresEventLog } from './postgres-event-log';

const url = process.env.TEST_DATABASE_URL;
if (url === undefined && process.env.CI === 'true') throw new Error('TEST_DATABASE_URL is not set');

const connected = async (): Promise<Client> => {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
};

const topicOf = (more: Partial<TopicDefinition>): TopicDefinition => ({ name: `test.${randomUUID()}`, partitions: 1, cleanup: 'delete', retentionMs: -1, ...more });

if (url === undefined) {
  describe.skip('PostgresEventLog under faults (left out: TEST_DATABASE_URL is not set)', () => {
    it('needs a PostgreSQL', () => undefined);
  });
} else {
  describeKilledLog('PostgresEventLog', () => new KillableService('postgres'), (at) => PostgresEventLog.create({ url: at }));

  describe('members of a group', () => {
    /** A process that announces itself and takes all partitions, as a member does, and then does nothing more. */
    const foreignMember = async (group: string, topic: string, topicId: number, seenSecondsAgo: number): Promise<Client> => {
      const client = await connected();
      await client.query(`insert into pataka_log.members select $1, gen_random_uuid(), $2, pid, backend_start, clock_timestamp() - make_interval(secs => $3)
        from pg_stat_activity where pid = pg_backend_pid()`, [group, [topic], seenSecondsAgo]);
      for (let partition = 0; partition < 2; partition++) {
        await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [`pataka_log/${group}/${topicId}:${partition}`]);
      }
      return client;
    };
    const scene = async (seenSecondsAgo: number) => {
      const log = PostgresEventLog.create({ url });
      const topic = topicOf({ partitions: 2 });
      const group = randomUUID();
      await log.ensureTopics([topic]);
      await log.publish([0, 1].map((partition) => ({ topic: topic.name, partition, key: null, headers: {}, value: 'x' })));
      const client = await connected();
      const { rows } = await client.query<{ id: number }>('select id from pataka_log.topics where name = $1', [topic.name]);
      await client.end();
      const foreign = await foreignMember(group, topic.name, rows[0]?.id ?? 0, seenSecondsAgo);
      const reader = new TestReader();
      await log.subscribe(reader.subscription(group, [topic.name]));
      return { log, reader, foreign };
    };

    it('read no partition that a living member holds, and take it over at once when its process dies', async () => {
      const { log, reader, foreign } = await scene(0);
      await pause(1_500);
      expect(reader.records).toHaveLength(0);
      // As the death of a process does it: the connection closes without a word.
      (foreign as unknown as { connection: { stream: { destroy: () => void } } }).connection.stream.destroy();
      await until('both partitions', () => reader.records.length === 2, 5_000);
      await log.close();
    });

    it('end the session of a member that hangs, and get its partitions', async () => {
      const { log, reader } = await scene(11);
      await until('both partitions', () => reader.records.length === 2, 5_000);
      await log.close();
    });

    it('get their partitions back after their own session was ended', async () => {
      const log = PostgresEventLog.create({ url });
      const topic = topicOf({});
      const group = randomUUID();
      await log.ensureTopics([topic]);
      const reader = new TestReader();
      await log.subscribe(reader.subscription(group, [topic.name]));
      await log.publish([{ topic: topic.name, key: null, headers: {}, value: '0' }]);
      await until('the first', () => reader.records.length === 1);
      const client = await connected();
      await client.query('select pg_terminate_backend(session_pid) from pataka_log.members where group_name = $1', [group]);
      await log.publish([{ topic: topic.name, key: null, headers: {}, value: '1' }]);
      await until('the second', () => reader.records.length === 2, 5_000);
      await until('the saved offset', async () => {
        const { rows } = await client.query<{ next_offset: string }>('select next_offset from pataka_log.group_offsets where group_name = $1', [group]);
        return rows[0]?.next_offset === '2';
      }, 5_000);
      await client.end();
      await log.close();
      expect(reader.values).toEqual(['0', '1']);
    });
  });

  describe('what is no longer kept', () => {
    const log = PostgresEventLog.create({ url, cleanEveryMs: 100 });
    afterAll(() => log.close());
    const offsetsRead = async (topic: string): Promise<string[]> => {
      const offsets: string[] = [];
      for await (const { records } of log.read(topic, 0, '0')) offsets.push(...records.map(({ offset }) => offset));
      return offsets;
    };
    const publish = (topic: string, entries: [string, string | null][]): Promise<void> =>
      log.publish(entries.map(([key, value]) => ({ topic, key, headers: {}, value })));

    it('is deleted after its retention, and `low` moves along', async () => {
      const topic = topicOf({ retentionMs: 1_000 });
      await log.ensureTopics([topic]);
      await publish(topic.name, Array.from({ length: 10 }, (_, i) => ['k', String(i)]));
      await until('deletion', async () => (await log.offsets(topic.name))[0]?.low === '10');
      await log.ensureTopics([{ ...topic, retentionMs: 600_000 }]);
      await publish(topic.name, [['k', 'later']]);
      await pause(300);
      expect(await log.offsets(topic.name)).toEqual([{ partition: 0, low: '10', high: '11' }]);
      const reader = new TestReader();
      await log.subscribe(reader.subscription(randomUUID(), [topic.name]));
      await until('what is kept', () => reader.records.length === 1);
      expect(await offsetsRead(topic.name)).toEqual(['10']);
    });

    it('is compacted to the newest record of each key, and readers pass over the gaps', async () => {
      const topic = topicOf({ cleanup: 'compact' });
      await log.ensureTopics([topic]);
      await publish(topic.name, [['a', '0'], ['b', '1'], ['a', '2'], ['c', '3'], ['a', '4'], ['c', null]]);
      await until('compaction', async () => (await offsetsRead(topic.name)).length === 3);
      expect(await offsetsRead(topic.name)).toEqual(['1', '4', '5']);
      await until('low', async () => (await log.offsets(topic.name))[0]?.low === '1');
      const reader = new TestReader();
      await log.subscribe(reader.subscription(randomUUID(), [topic.name], { maxRecords: 1 }));
      await until('what is kept', () => reader.records.length === 3);
      expect(reader.records.map(({ offset }) => offset)).toEqual(['1', '4', '5']);
    });
  });
}

import { randomUUID } from 'node:crypto';
import type { Consumption, Subscription } from './event-log';
import type { LogDatabase, LogTopic } from './postgres-event-log-database';
import { slotOf } from './postgres-event-log-heads';
import { PartitionReader } from './postgres-event-log-reader';
import type { LogSession, SessionWork } from './postgres-event-log-session';

interface Member { member_id: string; topics: string[]; session_pid: number; fresh: boolean }

// A member that is silent for longer than this hangs: its session is ended, so that others get its partitions.
const SILENT_SECONDS = 10;

const announce = `insert into pataka_log.members (group_name, member_id, topics, session_pid, session_start, seen_at)
  select $1, $2, $3, pid, backend_start, clock_timestamp() from pg_stat_activity where pid = pg_backend_pid()
  on conflict (group_name, member_id) do update set session_pid = excluded.session_pid, session_start = excluded.session_start, seen_at = excluded.seen_at
  returning xmax = 0 as joined`;

// A member lives as long as the session in which it announced itself.
const listMembers = `with gone as (
    delete from pataka_log.members m where m.group_name = $1
      and not exists (select from pg_stat_activity a where a.pid = m.session_pid and a.backend_start = m.session_start))
  select m.member_id, m.topics, m.session_pid, m.seen_at > clock_timestamp() - make_interval(secs => $2) as fresh
  from pataka_log.members m join pg_stat_activity a on a.pid = m.session_pid and a.backend_start = m.session_start
  where m.group_name = $1 order by m.member_id`;

const saveOffsets = `insert into pataka_log.group_offsets (group_name, topic_id, partition, next_offset)
  select $1, o.topic_id, o.partition, o.next_offset from unnest($2::int[], $3::int[], $4::bigint[]) as o(topic_id, partition, next_offset)
  on conflict (group_name, topic_id, partition) do update set next_offset = excluded.next_offset, updated_at = clock_timestamp()`;

/** One subscription's readers: of all partitions for a broadcast, else of those that fall to this member of the group. */
export class PostgresSubscription implements Consumption, SessionWork {
  private readonly memberId = randomUUID();
  private readonly readers = new Map<string, PartitionReader>();
  private readonly saved = new Map<string, bigint>();
  private stopped = false;

  constructor(private readonly subscription: Subscription, private readonly database: LogDatabase, private readonly session: LogSession) {}

  readonly beat = async (): Promise<void> => {
    const topics = await this.topics();
    if (this.subscription.broadcast) this.readAll(topics);
    else await this.share(topics);
  };

  readonly lost = (error: Error): void => {
    this.subscription.onState?.('failing', error);
    // A broadcast owns nothing: its readers go on as soon as they can. Members may have lost their partitions to others.
    if (!this.subscription.broadcast) for (const reader of this.readers.values()) reader.stop();
  };

  async stop(): Promise<void> {
    this.stopped = true;
    this.session.remove(this);
    const readers = [...this.readers.values()];
    for (const reader of readers) reader.stop();
    await Promise.all(readers.map((reader) => reader.ended));
    if (this.subscription.broadcast) return;
    await this.saveOffsets(readers).catch(() => undefined);
    await this.leave().catch(() => undefined);
  }

  private async leave(): Promise<void> {
    await this.session.query('delete from pataka_log.members where group_name = $1 and member_id = $2', [this.subscription.group, this.memberId]);
    await this.tellMembers();
  }

  private async topics(): Promise<LogTopic[]> {
    const { topics } = this.subscription;
    const found = await Promise.all(topics.map((name) => this.database.topic(name).catch(() => undefined)));
    return found.filter((topic) => topic !== undefined);
  }

  private readAll(topics: LogTopic[]): void {
    for (const topic of topics) {
      for (let partition = 0; partition < topic.partitions; partition++) {
        if (!this.stopped && !this.readers.has(slotOf(topic.id, partition))) this.read(topic, partition);
      }
    }
  }

  private read(topic: LogTopic, partition: number): PartitionReader {
    const reader = new PartitionReader(topic, partition, this.subscription, this.database, this.session.heads);
    this.readers.set(slotOf(topic.id, partition), reader);
    this.subscription.onState?.('reading');
    return reader;
  }

  private async share(topics: LogTopic[]): Promise<void> {
    const members = await this.meet();
    const mine = new Map<string, [LogTopic, number]>();
    for (const topic of topics) {
      const sharing = members.filter((member) => member.topics.includes(topic.name));
      for (let partition = 0; partition < topic.partitions; partition++) {
        // The topic's number spreads topics of one partition over the members too.
        const owner = sharing[(topic.id + partition) % sharing.length];
        if (owner?.member_id === this.memberId) mine.set(slotOf(topic.id, partition), [topic, partition]);
      }
    }
    for (const [slot, reader] of this.readers) if (!mine.has(slot)) reader.stop();
    await this.acquire(mine);
    await this.saveOffsets([...this.readers.values()]);
  }

  /** Announces this member, and answers all that live, in a common order. */
  private async meet(): Promise<Member[]> {
    const { group, topics } = this.subscription;
    const [row] = await this.session.query<{ joined: boolean }>(announce, [group, this.memberId, [...topics]]);
    if (row?.joined) await this.tellMembers();
    const members = await this.session.query<Member>(listMembers, [group, SILENT_SECONDS]);
    for (const { fresh, session_pid } of members) {
      if (!fresh) await this.session.query('select pg_terminate_backend($1) where $1 <> pg_backend_pid()', [session_pid]);
    }
    return members.filter(({ fresh }) => fresh);
  }

  private async acquire(mine: Map<string, [LogTopic, number]>): Promise<void> {
    const { generation } = this.session;
    const wanted = [...mine.keys()].filter((slot) => !this.readers.has(slot));
    for (const name of await this.session.tryLock(wanted.map((slot) => this.lockName(slot)))) {
      const [topic, partition] = mine.get(name.slice(this.lockName('').length)) ?? [];
      if (this.stopped || !topic || partition === undefined) {
        await this.session.unlock(name, generation);
        continue;
      }
      const reader = this.read(topic, partition);
      void reader.ended.then(() => this.release(reader, generation));
    }
  }

  private async release(reader: PartitionReader, generation: number): Promise<void> {
    const slot = slotOf(reader.topic.id, reader.partition);
    if (!this.stopped) await this.saveOffsets([reader]).catch(() => undefined);
    await this.session.unlock(this.lockName(slot), generation).catch(() => undefined);
    this.readers.delete(slot);
    this.saved.delete(slot);
    await this.tellMembers().catch(() => undefined);
  }

  private lockName(slot: string): string {
    return `${this.subscription.group}/${slot}`;
  }

  private async tellMembers(): Promise<void> {
    await this.session.query(`select pg_notify('pataka_log_members', '')`, []);
  }

  /** For lag displays only; the truth is the reader's own checkpoint. */
  private async saveOffsets(readers: PartitionReader[]): Promise<void> {
    const moved = readers.flatMap((reader) => {
      const slot = slotOf(reader.topic.id, reader.partition);
      if (reader.next === undefined || this.saved.get(slot) === reader.next) return [];
      this.saved.set(slot, reader.next);
      return [{ topicId: reader.topic.id, partition: reader.partition, next: String(reader.next) }];
    });
    if (moved.length === 0) return;
    await this.session.query(saveOffsets, [this.subscription.group, moved.map((m) => m.topicId), moved.map((m) => m.partition), moved.map((m) => m.next)]);
  }
}

import { appendFileSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { OutgoingEvent } from './outgoing-event';

const NAME = /^(\d+)-([0-9a-f-]{36})(\.\d+)?\.events$/;
const COMPACT_AFTER_BYTES = 8 * 1024 * 1024;

const IN_USE = Symbol.for('pataka.spools');
type Shared = { [IN_USE]?: Set<string> };

/**
 * Spools in use by this process; a process id alone does not tell, since containers like to be number 1. Shared by all copies of this
 * module that a process may have loaded.
 */
const inUse = ((globalThis as Shared)[IN_USE] ??= new Set());

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

const isAbandoned = (name: string): boolean => {
  const [, pid, session] = NAME.exec(name) ?? [];
  if (pid === undefined) return false;
  return Number(pid) === process.pid ? !inUse.has(session!) : !isAlive(Number(pid));
};

const lineOf = (event: OutgoingEvent): string => `${JSON.stringify(event)}\n`;

/** The events in a spool's text that were not settled. A last line that a crash cut off is no event yet. */
export const unsettledIn = (text: string): OutgoingEvent[] => {
  const events = new Map<string, OutgoingEvent>();
  let settled = 0;
  for (const line of text.split('\n')) {
    try {
      const record = JSON.parse(line) as OutgoingEvent | { readonly settled: number };
      if ('settled' in record) settled = Math.max(settled, record.settled);
      else if (typeof record.id === 'string') events.set(record.id, record);
    } catch {
      // Cut off, or a blank line.
    }
  }
  return [...events.values()].slice(settled);
};

/** The queue's events as they are now, and the queue's number of the first. */
export type QueueContent = { readonly events: readonly OutgoingEvent[]; readonly first: number };

/**
 * The queue's events in an append-only file of this process: lines of events in the queue's order, and lines that say how many from
 * the beginning are settled. A later process takes over what a dead one left behind; ids stay, so nothing is counted twice.
 * Writes follow an event within milliseconds, never inside an evaluation, and are forced to the disk, all of a moment's together.
 */
export class EventSpool {
  private readonly path: string;
  private file: FileHandle | undefined;
  private pending = '';
  private inFlight = '';
  private bytes = 0;
  /** The queue's number of the file's first event. */
  private base = 0;
  private isRewriteDue = false;
  private working: Promise<void> | undefined;

  constructor(private readonly directory: string, private readonly session: string, private readonly queue: () => QueueContent, private readonly onError: (error: Error) => void) {
    this.path = join(directory, `${process.pid}-${session}.events`);
  }

  /** Opens the file and hands over what dead processes left. */
  async open(adopt: (event: OutgoingEvent) => void): Promise<void> {
    inUse.add(this.session);
    await mkdir(this.directory, { recursive: true });
    const claimed = await this.claim();
    const events = new Map<string, OutgoingEvent>();
    for (const path of claimed) for (const event of unsettledIn(await readFile(path, 'utf8'))) events.set(event.id, event);
    this.file = await open(this.path, 'a', 0o600);
    await this.file.appendFile([...events.values()].map(lineOf).join(''));
    for (const event of events.values()) adopt(event);
    await Promise.all(claimed.map((path) => rm(path, { force: true })));
    this.start();
  }

  add(event: OutgoingEvent): void {
    this.pending += lineOf(event);
    this.start();
  }

  /** Everything before this number of the queue is delivered, refused or dropped. */
  settle(before: number, isQueueEmpty: boolean): void {
    this.pending += `{"settled":${before - this.base}}\n`;
    // A file of settled events is of no use; a long one is written anew.
    this.isRewriteDue ||= isQueueEmpty || this.bytes > COMPACT_AFTER_BYTES;
    this.start();
  }

  /** Resolves once everything is written. */
  async written(): Promise<void> {
    while (this.working !== undefined) await this.working;
  }

  /** For the end of the process: writes at once what is still in memory. What a write under way repeats is told apart by its id. */
  writeNow(): void {
    const text = this.inFlight + this.pending;
    this.pending = '';
    if (this.file === undefined || text === '') return;
    try {
      appendFileSync(this.path, text); // by name: the file may just be changing places with its rewritten self
    } catch (error) {
      this.onError(error as Error);
    }
  }

  /** Ends the spool; a file with nothing in it goes. */
  async close(isEmpty: boolean): Promise<void> {
    await this.written();
    await this.file?.close();
    this.file = undefined;
    inUse.delete(this.session);
    if (isEmpty) await rm(this.path, { force: true });
  }

  /** Renaming is how one of several heirs wins. */
  private async claim(): Promise<string[]> {
    const abandoned = (await readdir(this.directory)).filter(isAbandoned);
    const claims = abandoned.map(async (name, index) => {
      const path = join(this.directory, `${process.pid}-${this.session}.${index}.events`);
      return rename(join(this.directory, name), path).then(() => path, () => null);
    });
    return (await Promise.all(claims)).filter((path) => path !== null);
  }

  private start(): void {
    if (this.working !== undefined || this.file === undefined || (this.pending === '' && !this.isRewriteDue)) return;
    this.working = this.work().catch((error: unknown) => this.onError(error as Error)).finally(() => {
      this.inFlight = '';
      this.working = undefined;
      this.start();
    });
  }

  private async work(): Promise<void> {
    // What is added in one turn of the event loop is one write.
    await new Promise(setImmediate);
    if (this.isRewriteDue) return this.rewrite(this.queue());
    this.inFlight = this.pending;
    this.pending = '';
    this.bytes += this.inFlight.length;
    await this.file!.appendFile(this.inFlight);
    // Not per event: what comes meanwhile is the next write, so that a slow disk makes larger batches and nobody wait.
    await this.file!.datasync();
  }

  private async rewrite({ events, first }: QueueContent): Promise<void> {
    // The queue holds what is pending too.
    this.isRewriteDue = false;
    this.inFlight = events.map(lineOf).join('');
    this.pending = '';
    this.base = first;
    this.bytes = this.inFlight.length;
    const temporary = `${this.path}.new`;
    const next = await open(temporary, 'w', 0o600);
    await next.appendFile(this.inFlight);
    await next.datasync(); // before it takes the place of one that may hold more
    await rename(temporary, this.path);
    const before = this.file!;
    this.file = next;
    await before.close();
  }
}

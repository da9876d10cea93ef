import { connect, type Socket } from 'node:net';

const LIMIT_MS = 60_000;
const END_OF_HEAD = Buffer.from('\r\n\r\n');

/** A whole request as bytes, so that sending costs next to nothing while the clock runs. */
export const postOf = (path: string, token: string, body: string): Buffer => Buffer.from(
  `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);

/** Reads answers without copying them: only each head is looked at, bodies are counted. */
class AnswerReader {
  private head: Buffer = Buffer.alloc(0);
  private left = 0;

  /** true once the answer that is under way is whole. */
  take(chunk: Buffer): boolean {
    if (this.left > 0) return this.skip(chunk.length);
    this.head = this.head.length === 0 ? chunk : Buffer.concat([this.head, chunk]);
    const end = this.head.indexOf(END_OF_HEAD);
    if (end === -1) return false;
    const text = this.head.toString('latin1', 0, end);
    if (!text.startsWith('HTTP/1.1 200')) throw new Error(`the answer is ${text.slice(0, 300)}`);
    const rest = this.head.length - end - END_OF_HEAD.length;
    this.left = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1]);
    this.head = Buffer.alloc(0);
    return this.skip(rest);
  }

  private skip(bytes: number): boolean {
    this.left -= bytes;
    if (Number.isNaN(this.left) || this.left < 0) throw new Error('an answer without a length, or longer than it says');
    return this.left === 0;
  }
}

const drive = (port: number, next: () => Buffer | undefined): Promise<void> => new Promise((resolve, reject) => {
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const reader = new AnswerReader();
  const finish = (error?: Error): void => {
    clearTimeout(timer);
    socket.destroy();
    if (error === undefined) resolve();
    else reject(error);
  };
  const timer = setTimeout(() => finish(new Error(`not all requests were answered within ${LIMIT_MS / 1000} s`)), LIMIT_MS);
  const send = (): void => {
    const request = next();
    if (request === undefined) finish();
    else socket.write(request);
  };
  socket.on('connect', send).on('error', finish).on('close', () => finish(new Error('the server closed the connection')));
  socket.on('data', (chunk: Buffer) => {
    try {
      if (reader.take(chunk)) send();
    } catch (error) {
      finish(error as Error);
    }
  });
});

/** Sends so many requests over some connections, one at a time on each, going through the given ones in turn. */
export const sendMany = async (port: number, requests: readonly Buffer[], count: number, connections = 8): Promise<void> => {
  let sent = 0;
  const next = (): Buffer | undefined => (sent < count ? requests[sent++ % requests.length] : undefined);
  await Promise.all(Array.from({ length: connections }, () => drive(port, next)));
};

import { connect, type Socket } from 'node:net';

/** Where requests go, and with which token. */
export interface Target { port: number; token: string }

const LIMIT_MS = 120_000;
const END_OF_HEAD = Buffer.from('\r\n\r\n');

/** A whole request as bytes, so that sending costs next to nothing while the clock runs. */
export const requestOf = ({ port, token }: Target, body: string): Buffer => Buffer.from(
  `POST /v1/events HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);

/** The status of a whole answer at the front of `bytes` and where it ends; null while it is not whole. */
const answerIn = (bytes: Buffer): { status: number; end: number } | null => {
  const head = bytes.indexOf(END_OF_HEAD);
  if (head === -1) return null;
  const text = bytes.toString('latin1', 0, head);
  const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? NaN);
  if (Number.isNaN(length)) throw new Error(`an answer without a length: ${text.slice(0, 200)}`);
  const end = head + END_OF_HEAD.length + length;
  return bytes.length < end ? null : { status: Number(text.slice(9, 12)), end };
};

/** One connection: sends the next request once the last one is answered, until there is none. Every answer has to be a 202. */
const drive = (port: number, next: () => Buffer | undefined, signal: AbortSignal): Promise<void> => new Promise((resolve, reject) => {
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
  let held: Buffer = Buffer.alloc(0);
  const finish = (error?: Error): void => {
    socket.destroy();
    if (error === undefined) resolve();
    else reject(error);
  };
  const sendNext = (): void => {
    const request = next();
    if (request === undefined) finish();
    else socket.write(request);
  };
  signal.addEventListener('abort', () => finish(new Error(`not all requests were answered within ${LIMIT_MS / 1000} s`)), { once: true });
  socket.on('connect', sendNext).on('error', finish).on('close', () => finish(new Error('the server closed the connection')));
  socket.on('data', (chunk: Buffer) => {
    try {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const answer = answerIn(held);
      if (answer === null) return;
      if (answer.status !== 202) return finish(new Error(`the answer is ${held.toString('utf8').slice(0, 500)}`));
      held = held.subarray(answer.end);
      sendNext();
    } catch (error) {
      finish(error as Error);
    }
  });
});

/** Sends requests over some connections, one at a time on each, until there is no next one; answers how long it took, in seconds. */
export const send = async (port: number, next: () => Buffer | undefined, connections = 8): Promise<number> => {
  const signal = AbortSignal.timeout(LIMIT_MS);
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: connections }, () => drive(port, next, signal)));
  return (performance.now() - startedAt) / 1000;
};

/** Sends requests that are there already. */
export const sendAll = (port: number, requests: readonly Buffer[], connections = 8): Promise<number> => {
  let sent = 0;
  return send(port, () => requests[sent++], Math.min(connections, requests.length));
};

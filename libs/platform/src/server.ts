import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { DomainError } from '@pataka/contracts';
import { MAX_BODY_BYTES } from './body';
import { KEEP_ALIVE_MS } from './hot-answer';
import { Incoming } from './incoming';
import { rawProblem, sendProblem } from './problem';

/** Answers one request. */
export type Handle = (request: IncomingMessage, response: ServerResponse) => void;

const limits = { maxHeaderSize: 16_384, headersTimeout: 15_000, requestTimeout: 60_000, keepAliveTimeout: KEEP_ALIVE_MS, connectionsCheckingInterval: 5_000 };
const DRAIN_MS = 10_000;

/** A request that llhttp refused never becomes one: it is answered on the bare socket. */
const answerUnreadable = (error: NodeJS.ErrnoException, socket: Socket): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const timedOut = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  socket.end(rawProblem(error.code === 'HPE_HEADER_OVERFLOW' ? 431 : timedOut ? 408 : 400), () => socket.destroy());
};

// node:http counts a connection without a request as busy, and would wait for it when it closes.
const connections = new WeakMap<Server, Set<Socket>>();
const SILENCE_MS = 250;

const noteConnections = (server: Server): void => {
  const sockets = new Set<Socket>();
  connections.set(server, sockets);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => void sockets.delete(socket));
  });
};

const cutSilent = (server: Server): void => {
  for (const socket of connections.get(server) ?? []) if (socket.bytesRead === 0) socket.destroy();
};

/** A node:http server with its limits set, for a service or for the gateway before several. */
export const createHttpServer = (handle: Handle): Server => {
  const server = createServer({ ...limits, IncomingMessage: Incoming }, handle);
  noteConnections(server);
  server.on('clientError', answerUnreadable);
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    // Whoever asks first is told before sending what would be refused anyway.
    if (!(Number(request.headers['content-length']) > MAX_BODY_BYTES)) response.writeContinue();
    handle(request, response);
  });
  server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    response.setHeader('connection', 'close');
    sendProblem(response, new DomainError('validation', 'Expect takes 100-continue only'));
  });
  return server;
};

/** Listens; resolves with the port (0 asks for any free one), rejects when it is taken. */
export const listenOn = (server: Server, port: number, host?: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });

/** Takes no more connections, lets what is under way finish for a while, then cuts what is left (streams never end by themselves). */
export const closeServer = (server: Server, drainMs = DRAIN_MS): Promise<void> =>
  new Promise((resolve) => {
    if (!server.listening) return resolve();
    const cut = setTimeout(() => server.closeAllConnections(), drainMs);
    const silence = setTimeout(() => cutSilent(server), SILENCE_MS);
    // A connection that falls idle only now would be kept alive until the cut.
    const sweep = setInterval(() => server.closeIdleConnections(), 50);
    server.close(() => {
      clearTimeout(cut);
      clearTimeout(silence);
      clearInterval(sweep);
      resolve();
    });
    server.closeIdleConnections();
  });

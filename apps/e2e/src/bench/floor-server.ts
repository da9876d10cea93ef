import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { listenOn } from '@pataka/platform';
import { answerPort } from './probe';

const known = createHash('sha256').update(process.env['PATAKA_SERVER_KEY'] ?? '').digest();

const isKnown = (authorization: string | undefined): boolean => timingSafeEqual(createHash('sha256').update(authorization?.slice('Bearer '.length) ?? '').digest(), known);

/** The least that a server of events can do, and what ingestion is compared with: node:http, authenticate, read, parse, drop, answer. */
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    if (!isKnown(request.headers.authorization)) return void response.writeHead(401, { 'content-length': 0 }).end();
    const { events } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { events: unknown[] };
    const answer = JSON.stringify({ accepted: events.length, rejected: [] });
    response.writeHead(202, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) }).end(answer);
  });
});

answerPort(listenOn(server, 0, '127.0.0.1'));
process.on('SIGTERM', () => process.exit(0));

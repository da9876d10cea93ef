import { createServer } from 'node:http';
import { listenOn } from '@pataka/platform';
import { answerPort } from './probe';

/** What OFREP's routes are compared with: node:http that reads and parses the context, and answers the same text again and again. */
const text = process.env['BENCH_ANSWER'] ?? '{}';
const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { context } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { context?: unknown };
    response.writeHead(context === undefined ? 400 : 200, headers).end(text);
  });
});

answerPort(listenOn(server, 0, '127.0.0.1'));
process.on('SIGTERM', () => process.exit(0));

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

interface File { bytes: Buffer; type: string; etag: string; packed: Map<string, Promise<Buffer>> }

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.json': 'application/json',
  '.svg': 'image/svg+xml', '.png': 'image/png', '.woff2': 'font/woff2', '.md': 'text/markdown; charset=utf-8',
};
const packers: Readonly<Record<string, (bytes: Buffer) => Promise<Buffer>>> = {
  br: (bytes) => promisify(brotliCompress)(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
  gzip: (bytes) => promisify(gzip)(bytes),
};
const LEAST_PACKED_BYTES = 1024;
const INDEX = '/index.html';

/** Nothing from elsewhere, nothing inline, in nobody's frame; the application asks its own origin alone. */
const POLICY = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'", "connect-src 'self'", "manifest-src 'self'",
  "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
].join('; ');
const SECURITY = {
  'content-security-policy': POLICY, 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin', 'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
};

// Of services and machines: a path below these is never a page of the application, whatever it asks for.
const RESERVED = /^\/(?:api|ofrep|v1|health|metrics|openapi\.json|services|docs|problems|assets)(?:\/|$)/;

const read = (path: string): File => {
  const bytes = readFileSync(path);
  return { bytes, type: types[extname(path)] ?? 'application/octet-stream', etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 20)}"`, packed: new Map() };
};

const accepts = (request: IncomingMessage, header: 'accept' | 'accept-encoding', wanted: string): boolean =>
  String(request.headers[header] ?? '').split(',').some((part) => {
    const [name, ...parameters] = part.split(';').map((text) => text.trim());
    return name === wanted && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });

/** At the root a client that takes anything gets the page too. */
const wantsPage = (path: string, request: IncomingMessage): boolean =>
  accepts(request, 'accept', 'text/html') || (path === '/' && accepts(request, 'accept', '*/*'));

const encodingOf = (request: IncomingMessage, file: File): string | undefined =>
  file.bytes.length < LEAST_PACKED_BYTES || /^(?:image\/png|font\/)/.test(file.type) ? undefined : Object.keys(packers).find((name) => accepts(request, 'accept-encoding', name));

const packedBy = (file: File, encoding: string): Promise<Buffer> => {
  let packed = file.packed.get(encoding);
  if (packed === undefined) file.packed.set(encoding, (packed = packers[encoding]!(file.bytes)));
  return packed;
};

/**
 * A built single-page application, held in memory: its files, and its page for every address that is the application's own. Files below
 * `/assets` are named by their content and kept for ever; all else is asked for again each time.
 */
export class StaticSite {
  private constructor(private readonly files: ReadonlyMap<string, File>) {}

  /** The application in a directory; null where none has been built. */
  static open(directory: string): StaticSite | null {
    if (!existsSync(join(directory, INDEX))) return null;
    const paths = readdirSync(directory, { recursive: true, encoding: 'utf8' }).map((name) => join(directory, name))
      .filter((path) => statSync(path).isFile() && !relative(directory, path).split(sep).some((part) => part.startsWith('.')));
    return new StaticSite(new Map(paths.map((path) => [`/${relative(directory, path).split(sep).join('/')}`, read(path)])));
  }

  /** Answers what is the application's: a file, or its page. False where it is not, and then nothing was sent. */
  serve(path: string, request: IncomingMessage, response: ServerResponse): boolean {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false;
    const file = path === INDEX ? undefined : this.files.get(path);
    if (file !== undefined) return this.send(file, path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache', request, response);
    if (RESERVED.test(path) || !wantsPage(path, request)) return false;
    return this.send(this.files.get(INDEX)!, 'no-cache', request, response);
  }

  private send(file: File, cache: string, request: IncomingMessage, response: ServerResponse): true {
    const headers = { ...SECURITY, 'cache-control': cache, etag: file.etag, vary: 'accept, accept-encoding' };
    if (request.headers['if-none-match'] === file.etag) {
      response.writeHead(304, headers).end();
      return true;
    }
    const encoding = encodingOf(request, file);
    const deliver = (bytes: Buffer, more: Record<string, string>): void => {
      response.writeHead(200, { ...headers, ...more, 'content-type': file.type, 'content-length': bytes.length });
      response.end(request.method === 'HEAD' ? undefined : bytes);
    };
    if (encoding === undefined) deliver(file.bytes, {});
    else packedBy(file, encoding).then((bytes) => deliver(bytes, { 'content-encoding': encoding }), () => response.destroy());
    return true;
  }
}

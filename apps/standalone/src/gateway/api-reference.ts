import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import { serviceNames } from '@pataka/contracts';

const assets: Record<string, string> = { 'swagger-ui.css': 'text/css; charset=utf-8', 'swagger-ui-bundle.js': 'text/javascript; charset=utf-8' };
const directory = dirname(require.resolve('swagger-ui-dist/package.json'));
const START = 'start.js';

const page = (service: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Pataka ${service} API</title>
<link rel="stylesheet" href="/docs/assets/swagger-ui.css"></head>
<body><div id="reference" data-url="/services/${service}/openapi.json"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script><script src="/docs/assets/${START}"></script></body></html>
`;

// In a file of its own, so that the policy needs no exception for inline scripts.
const starter = `const root = document.getElementById('reference');
SwaggerUIBundle({ url: root.dataset.url, domNode: root, deepLinking: true, persistAuthorization: false });
`;
const headers = {
  'x-content-type-options': 'nosniff', 'cache-control': 'public, max-age=3600',
  'content-security-policy': "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; script-src 'self'; base-uri 'none'; frame-ancestors 'none'",
};

/** Serves `/docs/<service>` and its assets. False when the path is none of them. */
export const serveReference = async (path: string, response: ServerResponse): Promise<boolean> => {
  const send = (type: string, body: string | Buffer): true => {
    response.writeHead(200, { ...headers, 'content-type': type }).end(body);
    return true;
  };
  const service = serviceNames.find((name) => path === `/docs/${name}`);
  if (service !== undefined) return send('text/html; charset=utf-8', page(service));
  const asset = /^\/docs\/assets\/([a-z.-]+)$/.exec(path)?.[1];
  if (asset === START) return send('text/javascript; charset=utf-8', starter);
  const type = asset === undefined ? undefined : assets[asset];
  return type === undefined ? false : send(type, await readFile(join(directory, asset!)));
};

#!/usr/bin/env -S node --max-semi-space-size=64
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('../dist/main.js', import.meta.url);
if (!existsSync(fileURLToPath(main))) {
  console.error('pataka is not built yet: run `npm run build` first.');
  process.exit(1);
}
await import(main.href);

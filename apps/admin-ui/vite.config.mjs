import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { ariaLocales, messages } from './build/plugins.mjs';

const lib = (name) => fileURLToPath(new URL(`../../libs/${name}/src/index.ts`, import.meta.url));
// Messages are parsed when they are built (see build/plugins.mjs), so no browser needs the parser.
const noParser = fileURLToPath(import.meta.resolve('@formatjs/icu-messageformat-parser/no-parser.js'));

/** @type {import('vite').UserConfig} */
const settings = {
  root: fileURLToPath(new URL('./src', import.meta.url)),
  publicDir: fileURLToPath(new URL('./public', import.meta.url)),
  resolve: {
    alias: [
      { find: '@pataka/evaluation', replacement: lib('evaluation') },
      { find: '@pataka/statistics', replacement: lib('statistics') },
      { find: /^@formatjs\/icu-messageformat-parser$/, replacement: noParser },
    ],
  },
  plugins: [messages(), ariaLocales()],
  build: {
    outDir: fileURLToPath(new URL('./dist', import.meta.url)),
    emptyOutDir: true, target: 'es2022', manifest: true, assetsInlineLimit: 0, modulePreload: { polyfill: false },
    license: { fileName: 'licences.md' },
    // Directives of frameworks that we are not.
    rolldownOptions: { onLog: (level, log, handle) => { if (log.code !== 'MODULE_LEVEL_DIRECTIVE') handle(level, log); } },
  },
  server: { proxy: Object.fromEntries(['/api', '/v1', '/health', '/services', '/docs', '/openapi.json'].map((path) => [path, process.env.PATAKA_URL ?? 'http://127.0.0.1:8080'])) },
};

export default defineConfig(({ command }) => {
  // A build that a test starts inherits NODE_ENV=test, with which React's development build, of almost twice the size, would be shipped and cached.
  if (command === 'build') process.env.NODE_ENV = 'production';
  return settings;
});

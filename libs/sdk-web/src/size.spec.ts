import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const MOST_BYTES = 12 * 1024;

const bundled = async (contents: string, external: string[] = []): Promise<string> => {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: __dirname, loader: 'ts' }, external, bundle: true, minify: true, write: false, format: 'esm', target: 'es2022', platform: 'browser',
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  });
  return outputFiles[0]!.text;
};
const zipped = (text: string): number => gzipSync(text, { level: 9 }).length;

describe('the size in an application', () => {
  it(`is less than ${MOST_BYTES} bytes, minified and compressed, for everything there is`, async () => {
    const text = await bundled("export * from './index';");
    expect(text).not.toMatch(/\brequire\(|from\s*["']/);
    expect(zipped(text)).toBeLessThan(MOST_BYTES);
  });

  it('is next to nothing for a page that imports nothing', async () => {
    expect(zipped(await bundled("import {} from './index'; export const none = 1;"))).toBeLessThan(100);
  });

  it('leaves out what is not imported', async () => {
    expect(await bundled("export { Pataka } from './index';")).not.toContain('u2028');
    expect(zipped(await bundled("export { bootstrapText } from './index';"))).toBeLessThan(500);
  });

  it('of the OpenFeature provider stays below as well, without OpenFeature itself', async () => {
    expect(zipped(await bundled("export * from './openfeature';", ['@openfeature/web-sdk']))).toBeLessThan(MOST_BYTES);
  });

  it('rests on no package at run time but, for the provider, OpenFeature', () => {
    const { dependencies, peerDependencies, sideEffects } = JSON.parse(readFileSync(join(__dirname, '../package.json'), 'utf8')) as Record<string, unknown>;
    expect({ dependencies, peerDependencies, sideEffects }).toEqual({ dependencies: undefined, peerDependencies: { '@openfeature/web-sdk': '^1.10.0' }, sideEffects: false });
  });
});

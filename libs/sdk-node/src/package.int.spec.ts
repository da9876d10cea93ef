import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const project = resolve(__dirname, '..');
const root = resolve(project, '../..');
let directory: string;

const run = (command: string, args: readonly string[], cwd = directory): string => execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 240_000 });
const node = (...args: string[]): string => run(process.execPath, args).trim();

const use = "console.log(Pataka.forTesting({ on: true }).boolean('on', false), typeof PatakaProvider);";
const typed = `
import { Pataka, type Details, type EvaluationContext } from '@pataka/node';
import { PatakaProvider } from '@pataka/node/openfeature';
import type { Provider } from '@openfeature/server-sdk';
type Flags = { on: boolean; name: string; size: number; config: { depth: number } };
const context: EvaluationContext = { targetingKey: 'u', region: 'pune' };
const pataka = Pataka.forTesting<Flags>({ on: true, name: 'x', size: 1, config: { depth: 1 } });
const on: boolean = pataka.boolean('on', false, context);
const details: Details<string> = pataka.details('name', 'x', context);
const config: { depth: number } = pataka.json('config', { depth: 0 });
// @ts-expect-error a flag of another type
pataka.boolean('name', false);
// @ts-expect-error no such flag
pataka.string('nome', '');
const provider: Provider = new PatakaProvider(pataka);
const anyKey: number = Pataka.forTesting({}).number('whatever', 1);
export { on, details, config, provider, anyKey };
`;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sdk-node-package-'));
  // Built beside the project: others may be building there at the same time.
  const staged = join(directory, 'package');
  cpSync(join(project, 'package.json'), join(staged, 'package.json'));
  run('npm', ['run', '-s', 'build', '--', '--out-dir', join(staged, 'dist')], project);
  run('npm', ['pack', '--silent', '--pack-destination', directory], staged);
  const tarball = readdirSync(directory).find((name) => name.endsWith('.tgz'))!;
  const local = (name: string): string => `file:${join(root, 'node_modules', name)}`;
  const dependencies = Object.fromEntries(['re2js', '@openfeature/server-sdk', '@openfeature/core'].map((name) => [name, local(name)]));
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ private: true, dependencies: { '@pataka/node': `file:${tarball}`, ...dependencies } }));
  run('npm', ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--silent']);
}, 300_000);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('the packed package', () => {
  it('needs nothing of this repository', () => {
    const { dependencies } = JSON.parse(readFileSync(join(directory, 'node_modules/@pataka/node/package.json'), 'utf8')) as { dependencies: object };
    expect(Object.keys(dependencies)).toEqual(['re2js']);
    const dist = join(directory, 'node_modules/@pataka/node/dist');
    const texts = readdirSync(dist).filter((name) => !name.endsWith('.map')).map((name) => readFileSync(join(dist, name), 'utf8'));
    expect(texts.filter((text) => /(from|require\()\s*['"](@pataka|class-|reflect)/.test(text))).toEqual([]);
  });

  it('is required', () => {
    expect(node('-e', `const { Pataka } = require('@pataka/node'); const { PatakaProvider } = require('@pataka/node/openfeature'); ${use} console.log(new PatakaProvider(Pataka.forTesting({})).options)`)).toBe('true function\nundefined');
  });

  it('is imported', () => {
    expect(node('--input-type=module', '-e', `import { Pataka } from '@pataka/node'; import { PatakaProvider } from '@pataka/node/openfeature'; ${use} console.log(new PatakaProvider(Pataka.forTesting({})).options)`)).toBe('true function\nundefined');
  });

  it.each(['use.mts', 'use.cts'])('has types for %s', (name) => {
    writeFileSync(join(directory, name), typed);
    const compilerOptions = { noEmit: true, strict: true, exactOptionalPropertyTypes: true, target: 'es2022', lib: ['es2023'], module: 'node16', moduleResolution: 'node16', types: ['node'], typeRoots: [join(root, 'node_modules/@types')] };
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [name] }));
    const { stdout, status } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', directory], { encoding: 'utf8' });
    expect([stdout, status]).toEqual(['', 0]);
  }, 120_000);
});

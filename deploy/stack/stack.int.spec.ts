import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const program = join(__dirname, 'stack.mjs');
const scratch = mkdtempSync(join(tmpdir(), 'pataka-stack-spec-'));
const dir = join(scratch, 'stack');

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const stack = (args: readonly string[], environment: Record<string, string> = {}): Outcome =>
  spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', env: { ...process.env, PATAKA_STACK_DIR: dir, ...environment } });

/** A PATH with nothing on it but what is named. */
const pathWith = (name: string): string => {
  const folder = join(scratch, name);
  mkdirSync(folder);
  return folder;
};

const ping = (url: string): Promise<string> =>
  new Promise((done) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write('PING\r\n'));
    socket.on('error', (error) => done(error.message));
    socket.on('data', (answer) => {
      socket.destroy();
      done(String(answer).trim());
    });
  });

const exportLine = /^export REDIS_URL='(redis:\/\/127\.0\.0\.1:\d+)'\n$/;
const withRedis = spawnSync('redis-server', ['--version']).status === 0;
const suite = withRedis || process.env['CI'] === 'true' ? describe : describe.skip;

afterAll(() => {
  stack(['stop']);
  rmSync(scratch, { recursive: true, force: true });
});

suite(`npm run stack${withRedis ? '' : ' (left out: redis-server is not installed)'}`, () => {
  let url = '';

  it('prints nothing but export lines, once what was asked for is healthy', async () => {
    const { status, stdout, stderr } = stack(['--only', 'redis']);
    expect([status, stderr]).toEqual([0, expect.stringContaining('redis is up')]);
    expect(stdout).toMatch(exportLine);
    url = exportLine.exec(stdout)?.[1] ?? '';
    expect(await ping(url)).toBe('+PONG');
  });

  it('prints the same again while it runs, to several at once', async () => {
    const running = Array.from({ length: 4 }, () => spawn(process.execPath, [program, '--only', 'redis'], { env: { ...process.env, PATAKA_STACK_DIR: dir } }));
    const outputs = await Promise.all(running.map(async ({ stdout }) => (await stdout.toArray()).join('')));
    expect(new Set(outputs)).toEqual(new Set([`export REDIS_URL='${url}'\n`]));
  });

  it('kills a service and brings it back where it was', async () => {
    const before = stack(['pid', 'redis']).stdout;
    expect(stack(['kill', 'redis']).status).toBe(0);
    expect(stack(['pid', 'redis']).stdout).toBe('\n');
    expect(await ping(url)).toContain('ECONNREFUSED');
    const after = stack(['restart', 'redis']).stdout;
    expect(after).toMatch(/^\d+\n$/);
    expect(after).not.toBe(before);
    expect(await ping(url)).toBe('+PONG');
  });

  it('replaces a service that hangs', async () => {
    stack(['kill', 'redis', 'SIGSTOP']);
    expect(stack(['--only', 'redis']).stdout).toBe(`export REDIS_URL='${url}'\n`);
    expect(await ping(url)).toBe('+PONG');
  });

  it('ends everything and can be asked to again', async () => {
    const pid = Number(stack(['pid', 'redis']).stdout);
    expect(stack(['stop']).status).toBe(0);
    expect(existsSync(`/proc/${pid}`) && /\) [^Z] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))).toBe(false);
    expect(await ping(url)).toContain('ECONNREFUSED');
    expect(stack(['stop']).status).toBe(0);
  });
});

describe('npm run stack on a machine that lacks a service', () => {
  it('says what to install and fails', () => {
    const { status, stdout, stderr } = stack(['--only', 'redis'], { PATH: pathWith('bare') });
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain('redis: apt-get install -y --no-install-recommends redis-server');
  });

  it('leaves it out with --best-effort', () => {
    const { status, stdout, stderr } = stack(['--only', 'redis', '--best-effort'], { PATH: pathWith('bare-too') });
    expect([status, stdout]).toEqual([0, '']);
    expect(stderr).toContain('WITHOUT redis');
  });

  it('says how a service that can not start has ended', () => {
    const folder = pathWith('broken');
    symlinkSync('/bin/false', join(folder, 'redis-server'));
    const { status, stderr } = stack(['--only', 'redis'], { PATH: folder });
    expect(status).toBe(1);
    expect(stderr).toContain('redis does not start');
  });

  it('refuses a name that it does not know', () => {
    expect(stack(['--only', 'mysql'])).toMatchObject({ status: 1, stderr: expect.stringContaining('kafka, postgres, redis, influx') });
    expect(stack(['begin'])).toMatchObject({ status: 2, stderr: expect.stringContaining('npm run stack') });
  });
});

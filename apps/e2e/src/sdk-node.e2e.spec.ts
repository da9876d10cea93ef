import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect as connectTcp, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pataka, type Ruleset } from '@pataka/node';
import { build, root } from './harness/build';
import { evidenceFaults } from './harness/checks';
import { KM, Ledger } from './harness/ledger';
import { startExperiment } from './harness/load';
import { PatakaProcess } from './harness/pataka-process';
import { until } from './harness/waiting';

const FLAG = 'sdk_flag';
const EXPERIMENT = 'sdk_experiment';

/** The network between a client and the server, which can be cut. */
class Network {
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;
  private isCut = false;

  private constructor(port: number) {
    this.server = createServer((near) => {
      if (this.isCut) return void near.destroy();
      const far = connectTcp(port, '127.0.0.1');
      for (const [one, other] of [[near, far], [far, near]] as const) {
        this.sockets.add(one);
        one.on('error', () => other.destroy()).on('close', () => {
          this.sockets.delete(one);
          other.destroy();
        }).pipe(other);
      }
    });
  }

  static async to(port: number): Promise<Network> {
    const network = new Network(port);
    network.server.listen(0, '127.0.0.1');
    await once(network.server, 'listening');
    return network;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  cut(): void {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  mend(): void {
    this.isCut = false;
  }

  close(): void {
    this.cut();
    this.server.close();
  }
}

let pataka: PatakaProcess;
let network: Network;
let ledger: Ledger;
let experimentId: string;
let directory: string;
let client: Pataka;

const options = () => ({ url: network.url, key: pataka.tokens.server, directory, flushIntervalMs: 50, timeoutMs: 10_000 });
const served = (): string => client.string(FLAG, 'mine', { targetingKey: 'u' });
const acknowledged = (): string => `v${ledger.versionOf(FLAG)}`;

/** Evaluates all the while; every answer has to be a value that the server once had, and at once. */
const whileEvaluating = async <T>(work: () => Promise<T>): Promise<T> => {
  const wrong = new Set<string>();
  let slowestMs = 0;
  let asked = 0;
  const watching = setInterval(() => {
    const before = performance.now();
    const { value, errorCode } = client.details(FLAG, 'mine', { targetingKey: 'u' });
    slowestMs = Math.max(slowestMs, performance.now() - before);
    asked += 1;
    if (errorCode !== undefined || !/^v\d+$/.test(value)) wrong.add(`${value} ${errorCode}`);
  }, 5);
  const result = await work().finally(() => clearInterval(watching));
  expect([[...wrong], asked > 0]).toEqual([[], true]);
  expect(slowestMs).toBeLessThan(100);
  return result;
};

let subjects = 0;
/** A subject meets the experiment and does something, as one client sees it; the ledger holds what has to come of it. */
const act = (on: Pataka): void => {
  const targetingKey = `driver-${(subjects += 1)}`;
  const { variant, experimentId: met } = on.details(EXPERIMENT, 'none', { targetingKey });
  if (met !== experimentId) throw new Error(`${targetingKey} has met ${String(met)}`);
  on.track(KM, { targetingKey }, { value: subjects % 7 });
  ledger.subjects.set(targetingKey, { variant: variant!, exposed: true, done: false, km: [subjects % 7] });
};

beforeAll(async () => {
  build();
  pataka = await PatakaProcess.start();
  network = await Network.to(pataka.port);
  directory = mkdtempSync(join(tmpdir(), 'sdk-node-e2e-'));
  ledger = new Ledger();
  await ledger.createFlag(pataka.admin, FLAG);
  experimentId = await startExperiment(pataka, ledger, EXPERIMENT);
  // Asked without recording: only those whom the ledger knows may be exposed.
  await until('the experiment is served', async () => {
    const probe = Pataka.fromRuleset((await pataka.server.get<Ruleset & Record<string, unknown>>('/v1/ruleset')) as Ruleset);
    return probe.details(EXPERIMENT, 'none', { targetingKey: 'probe' }).experimentId === experimentId;
  });
  client = await Pataka.connect(options());
}, 300_000);
afterAll(async () => {
  await client?.close();
  network?.close();
  await pataka?.dispose();
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
}, 60_000);

describe('a service with the node SDK', () => {
  it('evaluates from the first moment, and sees a change as soon as it is made', async () => {
    expect([client.status, served()]).toEqual(['ready', acknowledged()]);
    await ledger.changeFlag(pataka.admin, FLAG);
    await until('the change arrives', () => served() === acknowledged(), 5_000);
  });

  it('tells how often it has evaluated a flag, once', async () => {
    const key = 'counted_flag';
    await pataka.admin.post('/api/flags', { key, type: 'STRING', status: 'ACTIVE', defaultValue: 'served', environments: { production: { enabled: true, rules: [] } } });
    await until('the flag arrives', () => client.details(key, 'mine', {}).errorCode === undefined);
    const other = await Pataka.connect({ url: network.url, key: pataka.tokens.server });
    for (let i = 0; i < 250; i += 1) other.string(key, 'mine', { targetingKey: `u-${i}` });
    // Closing sends what the minute under way has counted.
    await other.close();
    const counted = async (): Promise<number> => (await pataka.admin.get<{ evaluationCount: number } & Record<string, unknown>>(`/api/flags/${key}`)).evaluationCount;
    // The other client's own looks for the flag may be among them by then.
    await until('the evaluations are counted', async () => (await counted()) >= 250, 20_000);
    expect(await counted()).toBeLessThan(500);
  }, 60_000);

  it('misses nothing while its network is cut', async () => {
    const changed = new Set<string>();
    const off = client.on('change', (keys) => keys.forEach((key) => changed.add(key)));
    await whileEvaluating(async () => {
      network.cut();
      await until('it knows', () => client.status !== 'ready');
      for (const key of ['while_cut_1', 'while_cut_2']) await ledger.createFlag(pataka.admin, key);
      await ledger.changeFlag(pataka.admin, FLAG);
      network.mend();
      await until('it is back', () => client.status === 'ready');
      await until('it has all', () => served() === acknowledged(), 5_000);
    });
    expect([client.string('while_cut_1', 'mine'), client.string('while_cut_2', 'mine')]).toEqual(['v1', 'v1']);
    expect([...changed]).toEqual(expect.arrayContaining([FLAG, 'while_cut_1', 'while_cut_2']));
    off();
  }, 120_000);

  it('goes on while the server is killed and its own directory is taken away, and its events arrive once when the server is back', async () => {
    await whileEvaluating(async () => {
      for (let index = 0; index < 30; index += 1) act(client);
      await pataka.kill();
      for (let index = 0; index < 30; index += 1) act(client);
      for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true, force: true });
      for (let index = 0; index < 30; index += 1) act(client);
      await sleep(1_000);
      expect(client.events.queued).toBeGreaterThanOrEqual(120);
      pataka.spawn();
      await pataka.ready();
      await until('it is back', () => client.status === 'ready', 60_000);
      await until('its events are delivered', () => client.events.queued === 0, 60_000);
    });
    expect(client.events).toMatchObject({ rejected: 0, dropped: 0 });
    await ledger.changeFlag(pataka.admin, FLAG);
    await until('the change arrives', () => served() === acknowledged(), 10_000);
    expect(await evidenceFaults(ledger, pataka.admin, experimentId)).toEqual([]);
  }, 240_000);

  it('keeps its events over a kill -9 of its own process, and the next one delivers them once', async () => {
    const home = mkdtempSync(join(tmpdir(), 'sdk-node-killed-'));
    const program = `
      const { Pataka } = require(${JSON.stringify(join(root, 'libs/sdk-node/dist/index.cjs'))});
      (async () => {
        const pataka = await Pataka.connect(${JSON.stringify({ ...options(), directory: home })});
        process.stdout.write('connected\\n');
        process.stdin.once('data', () => {
          const met = [];
          for (let index = 0; index < 50; index += 1) {
            const targetingKey = 'killed-' + index;
            met.push(pataka.details(${JSON.stringify(EXPERIMENT)}, 'none', { targetingKey }).variant);
            pataka.track(${JSON.stringify(KM)}, { targetingKey }, { value: 3 });
          }
          setTimeout(() => process.stdout.write(JSON.stringify(met) + '\\n'), 200);
        });
      })();`;
    const child: ChildProcess = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
    const line = async (): Promise<string> => String((await once(child.stdout!, 'data'))[0]).trim();
    expect(await line()).toBe('connected');
    network.cut();
    const telling = line();
    child.stdin!.write('go\n');
    const variants = JSON.parse(await telling) as string[];
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    variants.forEach((variant, index) => ledger.subjects.set(`killed-${index}`, { variant, exposed: true, done: false, km: [3] }));
    network.mend();
    const heir = await Pataka.connect({ ...options(), directory: home });
    try {
      await until('what was left is delivered', () => heir.events.accepted === 100, 30_000);
    } finally {
      await heir.close();
      rmSync(home, { recursive: true, force: true });
    }
    expect(await evidenceFaults(ledger, pataka.admin, experimentId)).toEqual([]);
  }, 120_000);

  it('starts with the last known rules where there is no server', async () => {
    await client.flush();
    await client.close();
    network.cut();
    const last = served();
    client = await Pataka.connect(options());
    expect([served(), client.status]).toEqual([last, 'stale']);
    network.mend();
    await until('it is back', () => client.status === 'ready');
  }, 60_000);
});

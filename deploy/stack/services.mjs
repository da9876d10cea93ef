import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { influx } from './influx.mjs';
import { kafka } from './kafka.mjs';
import { postgres } from './postgres.mjs';
import { becomes, end, freePort, isAlive, isFree, launch, Missing, startOf } from './processes.mjs';
import { redis } from './redis.mjs';
import { exclusively, noteService, readState } from './state.mjs';

const services = { kafka, postgres, redis, influx };

/** The names that `only` may hold. */
export const serviceNames = Object.keys(services);

/** Where the stack lives unless a call says otherwise. */
export const defaultDir = () => resolve(process.env.PATAKA_STACK_DIR || join(tmpdir(), 'pataka-stack'));

const serviceOf = (name) => {
  if (!Object.hasOwn(services, name)) throw new Error(`there is no service "${name}": the services are ${serviceNames.join(', ')}`);
  return services[name];
};

const logFileOf = (dir, name) => join(dir, name, `${name}.log`);

const lastOfLog = (dir, name) => {
  const file = logFileOf(dir, name);
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-8).join('\n') : '';
};

/** The ports of last time as long as nobody else has taken one, so that clients find the service again. */
const choosePorts = async (service, remembered) => {
  const allFree = async () => (await Promise.all(Object.values(remembered).map(isFree))).every(Boolean);
  if (remembered && (await becomes(allFree, 3000))) return remembered;
  const ports = [];
  for (const name of service.ports) ports.push([name, await freePort()]);
  return Object.fromEntries(ports);
};

const healthLimitMs = 120_000;

const launchOnce = async (dir, service, known) => {
  const directory = join(dir, service.name);
  mkdirSync(directory, { recursive: true });
  rmSync(logFileOf(dir, service.name), { force: true });
  const record = { ports: await choosePorts(service, known?.ports), secret: known?.secret ?? randomBytes(16).toString('hex') };
  // The password must be known before a cluster is made with it.
  noteService(dir, service.name, record);
  const pid = await launch({ logFile: logFileOf(dir, service.name), ...(await service.start(directory, record)) });
  const running = { ...record, pid, startedAt: startOf(pid) };
  noteService(dir, service.name, running);
  return running;
};

const launchHealthy = async (dir, service, say) => {
  // Some deaths pass: a port taken in the last moment, memory that a killed PostgreSQL's sessions still hold.
  for (let attempt = 1; attempt <= 5; attempt++) {
    const running = await launchOnce(dir, service, readState(dir)[service.name]);
    await becomes(async () => !isAlive(running) || (await service.isHealthy(running)), healthLimitMs);
    if (isAlive(running) && (await service.isHealthy(running))) return running;
    const hangs = isAlive(running);
    say(`${service.name} ${hangs ? 'does not get healthy' : 'ended at once'} (attempt ${attempt})`);
    await end(running, 'SIGKILL', 5000);
    if (hangs) break;
    await sleep(500);
  }
  throw new Error(`${service.name} does not start; its log ends with\n${lastOfLog(dir, service.name)}`);
};

const ensureRunning = async (dir, service, say) => {
  const known = readState(dir)[service.name];
  if (known?.pid && isAlive(known)) {
    if (await becomes(() => service.isHealthy(known), 10_000)) {
      say(`${service.name} is running (process ${known.pid})`);
      return known;
    }
    await end(known, 'SIGKILL', 5000);
  }
  const startedMs = Date.now();
  const running = await launchHealthy(dir, service, say);
  say(`${service.name} is up on port ${running.ports.client} (process ${running.pid}) after ${((Date.now() - startedMs) / 1000).toFixed(1)} s`);
  return running;
};

/** Tries every service; one that can't be had is named with the reason. */
const attempt = async (chosen, work) => {
  const outcomes = await Promise.allSettled(chosen.map(work));
  const failed = outcomes.flatMap((outcome, index) => (outcome.status === 'rejected' ? [{ name: chosen[index].name, error: outcome.reason }] : []));
  const done = outcomes.flatMap((outcome, index) => (outcome.status === 'fulfilled' ? [{ service: chosen[index], value: outcome.value }] : []));
  return { done, failed };
};

const reasonOf = ({ name, error }) => ({ name, reason: error.message });

const refuse = (failed, bestEffort) => {
  if (failed.length === 0 || bestEffort) return;
  throw new Missing(failed.map(reasonOf).map(({ name, reason }) => `${name}: ${reason}`).join('\n'));
};

/**
 * Starts what is not running yet, and returns once all of it is healthy.
 * `env` holds the variables to reach it; with `bestEffort`, `missing` names what could not be had, otherwise that throws.
 */
export const startStack = async ({ only = serviceNames, bestEffort = false, dir = defaultDir(), say = () => undefined } = {}) => {
  const chosen = only.map(serviceOf);
  return exclusively(resolve(dir), async () => {
    const prepared = await attempt(chosen, (service) => service.prepare((text) => say(`${service.name}: ${text}`)));
    refuse(prepared.failed, bestEffort);
    const started = await attempt(prepared.done.map(({ service }) => service), (service) => ensureRunning(resolve(dir), service, say));
    refuse(started.failed, bestEffort);
    const env = Object.assign({}, ...started.done.map(({ service, value }) => service.variables(value)));
    return { env, missing: [...prepared.failed, ...started.failed].map(reasonOf) };
  });
};

const stopOne = async (dir, name) => {
  const { pid, startedAt, ...rest } = readState(dir)[name] ?? {};
  if (!pid) return;
  await end({ pid, startedAt }, serviceOf(name).stopSignal, 30_000);
  noteService(dir, name, rest);
};

/** Ends everything that runs in `dir`, and waits for it; data and ports stay for the next start. */
export const stopStack = async ({ dir = defaultDir() } = {}) => {
  if (!existsSync(dir)) return;
  await exclusively(resolve(dir), () => Promise.all(serviceNames.map((name) => stopOne(resolve(dir), name))));
};

/** Stops one service if it runs, starts it on its old ports and data, and returns its process id once it is healthy. */
export const restartService = async (dir, name) => {
  const service = serviceOf(name);
  return exclusively(resolve(dir), async () => {
    await stopOne(resolve(dir), name);
    return (await ensureRunning(resolve(dir), service, () => undefined)).pid;
  });
};

/** The process id of a service; undefined when it does not run. */
export const pidOf = (dir, name) => {
  const known = readState(resolve(dir))[serviceOf(name).name];
  return known?.pid && isAlive(known) ? known.pid : undefined;
};

const suspending = ['SIGSTOP', 'SIGTSTP', 'SIGCONT'];

/** Signals a service, and waits for its end unless the signal only suspends or resumes it. */
export const killService = async (dir, name, signal = 'SIGKILL') => {
  const known = readState(resolve(dir))[serviceOf(name).name];
  if (!known?.pid || !isAlive(known)) throw new Error(`${name} does not run`);
  process.kill(known.pid, signal);
  if (suspending.includes(signal)) return;
  if (!(await becomes(() => !isAlive(known), 30_000))) throw new Error(`${name} (process ${known.pid}) outlived ${signal}`);
};

import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CompiledRuleset, compileRuleset, type Context, evaluateValue, prepareContext, type Ruleset } from '@pataka/evaluation';
import { Database } from '@pataka/event-sourcing';
import { Api } from '../harness/api';
import { until } from '../harness/waiting';
import { createFlags, fleetFlags } from './fleet-flags';
import { quantile, type Report } from './figures';
import { MeasuredProcess } from './measured-process';
import { OwnProcess } from './own-process';
import { type StreamEvent, StreamClient } from './stream-client';
import { newCredentials, type Stores } from './stores';

const FLAGS = 200;
const STREAMS = 1_000;
const ROUNDS = Number(process.env['PATAKA_BENCH_ROUNDS'] ?? 5);
const CHANGES = 60;
const PAUSE_MS = 15;
const OUTBOX = 'flag_admin_outbox';
const FLAG = 'fleet_flag_0';
const context = prepareContext({ targetingKey: 'driver' }) as Context;

/** What is measured on: two services of their own, a database whose commits can be heard, and a client's copy of the rules. */
interface Bench { admin: Api; evaluator: OwnProcess; token: string; database: Database; ruleset: CompiledRuleset; first: StreamClient; version: number }
/** Milliseconds of one change: from sending, and from its commit, to an evaluation that shows it; and until each stream heard of it. */
interface Timed { sent: number; committed: number; heard: number[] }

const start = async (stores: Stores): Promise<Bench | null> => {
  const store = await stores.kafka();
  if (store === null) return null;
  const credentials = newCredentials();
  const env = { ...store, ...credentials };
  const adminProcess = MeasuredProcess.start('service-process', env, 'flag-admin');
  stores.beforeClose(() => adminProcess.stop());
  const evaluator = await OwnProcess.start('evaluator', env);
  stores.beforeClose(() => evaluator.stop());
  const admin = new Api(`http://127.0.0.1:${await adminProcess.port()}`, credentials.PATAKA_ADMIN_TOKEN);
  await until('flag-admin knows its keys', async () => (await admin.send('GET', '/api/flags')).status === 200);
  await createFlags(admin, fleetFlags(FLAGS));
  const token = credentials.PATAKA_SERVER_KEY;
  const reader = new Api(evaluator.url, token);
  const document = await until('the flags have arrived', async () => {
    const { status, body } = await reader.send<Ruleset & Record<string, unknown>>('GET', '/v1/ruleset');
    return status === 200 && body.flags.length === FLAGS && body;
  }, 60_000);
  const database = Database.create({ url: store.DATABASE_URL, name: 'bench', migrations: [], poolSize: 1 });
  stores.beforeClose(() => database.close());
  const first = new StreamClient(evaluator.url, token, document.position);
  await first.connect();
  stores.beforeClose(async () => first.cut());
  return { admin, evaluator, token, database, ruleset: compileRuleset(document), first, version: 1 };
};

const nextEvent = (client: StreamClient): Promise<StreamEvent> => new Promise((resolve) => { client.onEvent = resolve; });

/** Changes a flag, and waits until the client's own rules evaluate to the new value. */
const changeOnce = async (bench: Bench, others: readonly StreamClient[]): Promise<Timed> => {
  const value = `v${bench.version + 1}`;
  const heard: number[] = [];
  const all = others.map((client) => nextEvent(client).then(({ at }) => void heard.push(at)));
  let committedAt = NaN;
  const unlisten = await bench.database.listen(OUTBOX, () => (committedAt = Number.isNaN(committedAt) ? performance.now() : committedAt));
  const told = nextEvent(bench.first);
  const sentAt = performance.now();
  const acknowledged = bench.admin.ask('PATCH', `/api/flags/${FLAG}`, { body: { defaultValue: value }, headers: { 'if-match': `"${bench.version}"` } });
  const { id, data } = await told;
  const { documents } = JSON.parse(data) as { documents: Partial<Ruleset> };
  bench.ruleset.apply({ position: id, ...documents });
  const shown = evaluateValue(bench.ruleset, FLAG, context, Date.now(), '');
  const evaluatedAt = performance.now();
  // A commit that was heard of only after its effect counts from the sending of the change: too much rather than too little.
  if (Number.isNaN(committedAt)) committedAt = sentAt;
  if (shown !== value) throw new Error(`the stream told of ${value}, ${String(shown)} is served`);
  await Promise.all([acknowledged, ...all]);
  await unlisten();
  bench.version += 1;
  await sleep(PAUSE_MS);
  return { sent: evaluatedAt - sentAt, committed: evaluatedAt - committedAt, heard: heard.map((at) => at - committedAt) };
};

/** Some rounds of changes; the first, which warms up, is left out. */
const measure = async (bench: Bench, others: readonly StreamClient[]): Promise<Timed[][]> => {
  const rounds: Timed[][] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const timed: Timed[] = [];
    for (let change = 0; change < CHANGES; change += 1) timed.push(await changeOnce(bench, others));
    if (round > 0) rounds.push(timed);
    process.stderr.write('.');
  }
  return rounds;
};

const connectAll = async (bench: Bench, since: number): Promise<StreamClient[]> => {
  const clients = Array.from({ length: STREAMS }, () => new StreamClient(bench.evaluator.url, bench.token, since));
  for (let from = 0; from < STREAMS; from += 50) await Promise.all(clients.slice(from, from + 50).map((client) => client.connect()));
  return clients;
};

interface Storm { allBackMs: number; allToldMs: number; cpuSeconds: number; unchanged: number }

/** Cuts every stream, makes a change meanwhile, and lets all come back at once, each asking for the ruleset by its tag too. */
const storm = async (bench: Bench, clients: readonly StreamClient[]): Promise<Storm> => {
  const headers = { authorization: `Bearer ${bench.token}`, 'if-none-match': '' };
  for (const client of clients) client.cut();
  await changeOnce(bench, []);
  headers['if-none-match'] = (await fetch(`${bench.evaluator.url}/v1/ruleset`, { headers })).headers.get('etag')!;
  const [cpu, at] = [bench.evaluator.cpuSeconds(), performance.now()];
  let unchanged = 0;
  const told = clients.map(nextEvent);
  await Promise.all(clients.map(async (client) => {
    await client.connect();
    const answer = await fetch(`${bench.evaluator.url}/v1/ruleset`, { headers });
    if (answer.status === 304) unchanged += 1;
  }));
  const allBackMs = performance.now() - at;
  await Promise.all(told);
  return { allBackMs, allToldMs: performance.now() - at, cpuSeconds: bench.evaluator.cpuSeconds() - cpu, unchanged };
};

/** The median round, and the quietest one: what else the machine does only ever adds. */
const rowOf = (name: string, rounds: readonly (readonly number[])[]): (string | number)[] => {
  const of = (q: number): number[] => rounds.map((values) => quantile(values, q));
  return [name, quantile(of(0.5), 0.5), Math.min(...of(0.5)), quantile(of(0.99), 0.5), Math.min(...of(0.99))];
};

/** From the commit of a change to the first evaluation of a subscribed client that shows it, over PostgreSQL, Kafka and the stream. */
export const propagation = async (stores: Stores): Promise<Report> => {
  const title = `propagation: milliseconds from a change's commit to an evaluation that shows it, ${FLAGS} flags, ${ROUNDS} rounds of ${CHANGES} changes`;
  const columns = ['client', 'p50', 'p50, best round', 'p99', 'p99, best round'];
  const bench = await start(stores);
  if (bench === null) return { title, columns, rows: [], notes: [`LEFT OUT: Kafka (${stores.missing})`] };
  const alone = await measure(bench, []);
  const clients = await connectAll(bench, bench.first.lastEventId);
  stores.beforeClose(async () => clients.forEach((client) => client.cut()));
  const crowded = await measure(bench, clients);
  const { allBackMs, allToldMs, cpuSeconds, unchanged } = await storm(bench, clients);
  return {
    title, columns,
    rows: [
      rowOf('the only stream', alone.map((round) => round.map(({ committed }) => committed))),
      rowOf('the only stream, from sending the change', alone.map((round) => round.map(({ sent }) => sent))),
      rowOf(`all of ${STREAMS} streams, told`, crowded.map((round) => round.flatMap(({ heard }) => heard))),
    ],
    notes: [
      `all ${STREAMS} cut off and back at once: ${allBackMs.toFixed(0)} ms until every stream was open and every ruleset answered (${unchanged} times 304), ${allToldMs.toFixed(0)} ms until each had been told what it missed; ${cpuSeconds.toFixed(2)} CPU seconds of the evaluator`,
      `load average ${loadavg()[0]!.toFixed(1)}`,
    ],
  };
};

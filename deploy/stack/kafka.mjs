import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ask, cacheDir, Missing, run, which } from './processes.mjs';

const home = cacheDir('kafka-4.1.0');
const libs = join(home, 'libs');
const pom = join(dirname(fileURLToPath(import.meta.url)), 'pom.xml');

const javaMajor = async () => {
  const [, major] = /version "(\d+)/.exec(await run('java', ['-version'])) ?? [];
  return Number(major);
};

const download = async (say) => {
  if (!which('mvn')) throw new Missing('Maven is needed once to fetch it: apt-get install -y --no-install-recommends maven');
  say('fetching Apache Kafka 4.1.0 from Maven Central');
  const draft = `${libs}.${process.pid}`;
  mkdirSync(home, { recursive: true });
  try {
    await run('mvn', ['-B', '-q', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${draft}`]);
    // Somebody else may have been faster; theirs is the same.
    if (!existsSync(libs)) renameSync(draft, libs);
  } catch (error) {
    throw new Missing(`it can't be fetched: ${error.message}`);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
};

const properties = (directory, { client, controller }) => ({
  'process.roles': 'broker,controller',
  'node.id': 1,
  'controller.quorum.voters': `1@127.0.0.1:${controller}`,
  'controller.listener.names': 'CONTROLLER',
  listeners: `PLAINTEXT://127.0.0.1:${client},CONTROLLER://127.0.0.1:${controller}`,
  'advertised.listeners': `PLAINTEXT://127.0.0.1:${client}`,
  'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
  'inter.broker.listener.name': 'PLAINTEXT',
  'log.dirs': join(directory, 'logs'),
  'auto.create.topics.enable': false,
  'message.max.bytes': 2_097_152,
  'replica.fetch.max.bytes': 2_097_152,
  'offsets.topic.replication.factor': 1,
  'offsets.topic.num.partitions': 8,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'transaction.state.log.num.partitions': 4,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  'group.initial.rebalance.delay.ms': 0,
  'group.min.session.timeout.ms': 1000,
  // A killed broker may register again only when its old session is over.
  'broker.session.timeout.ms': 3000,
  'broker.heartbeat.interval.ms': 500,
});

const java = (settings, ...args) => [...settings, '-Djava.awt.headless=true', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-cp', join(libs, '*'), ...args];

/** A Metadata request (key 3, version 1) for no topic: it lists the brokers that are registered and not fenced. */
const metadataRequest = Buffer.from([0, 0, 0, 14, 0, 3, 0, 1, 0, 0, 0, 7, 0xff, 0xff, 0, 0, 0, 0]);

export const kafka = {
  name: 'kafka',
  ports: ['client', 'controller'],
  stopSignal: 'SIGTERM',

  async prepare(say) {
    if (!which('java') || (await javaMajor()) < 17) throw new Missing('Java 17 is needed: apt-get install -y --no-install-recommends openjdk-17-jre-headless');
    if (!existsSync(libs)) await download(say);
  },

  async start(directory, { ports }) {
    const file = join(directory, 'server.properties');
    const lines = Object.entries(properties(directory, ports)).map(([name, value]) => `${name}=${value}`);
    writeFileSync(file, `${lines.join('\n')}\n`);
    if (!existsSync(join(directory, 'logs', 'meta.properties'))) {
      // A cluster id is 16 bytes; one that began with a dash would be taken for an option.
      const clusterId = randomBytes(16).toString('base64url').replace(/^-/, 'A');
      await run('java', java(['-Xmx256m'], 'kafka.tools.StorageTool', 'format', '--ignore-formatted', '-t', clusterId, '-c', file));
    }
    return { program: 'java', args: java(['-Xmx512m'], 'kafka.Kafka', file), cwd: directory };
  },

  async isHealthy({ ports }) {
    const answer = await ask(ports.client, metadataRequest, (bytes) => bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0));
    return answer !== null && answer.readInt32BE(8) > 0;
  },

  variables: ({ ports }) => ({ KAFKA_BROKERS: `127.0.0.1:${ports.client}` }),
};

import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { describeEventLog } from './event-log.contract';
import { Gate } from './log-testing.contract';
import { PostgresEventLog } from './postgres-event-log';

const url = process.env.TEST_DATABASE_URL;
if (url === undefined && process.env.CI === 'true') throw new Error('TEST_DATABASE_URL is not set');

if (url === undefined) {
  describe.skip('PostgresEventLog (left out: TEST_DATABASE_URL is not set)', () => {
    it('needs a PostgreSQL', () => undefined);
  });
} else {
  const database = `log_${randomUUID().replaceAll('-', '')}`;
  const own = new URL(url);
  own.pathname = `/${database}`;
  const away = new URL(own);
  const gate = new Gate({ host: own.hostname, port: Number(own.port || 5432) });

  const administer = async (statement: string): Promise<void> => {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query(statement);
    await client.end();
  };
  beforeAll(async () => {
    await administer(`create database ${database}`);
    await gate.reserve();
    away.host = `127.0.0.1:${gate.port}`;
  });
  afterAll(() => administer(`drop database ${database} with (force)`));

  describeEventLog('PostgresEventLog', () => ({
    open: () => PostgresEventLog.create({ url: own.href }),
    openAway: () => ({ log: PostgresEventLog.create({ url: away.href }), arrive: () => gate.open(), leave: () => gate.close() }),
  }));
}

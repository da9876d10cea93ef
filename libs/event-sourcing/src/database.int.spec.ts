import { setTimeout as sleep } from 'node:timers/promises';
import { Database } from './database';
import { TestProxy } from './database-proxy';
import { insertRows } from './database-rows';
import { createTestDatabase, describeWithDatabase } from './database-testing';
import { Unavailable } from './unavailable';

const migrations = [
  { name: '0002-more', up: 'INSERT INTO shop.items VALUES (1, 0)' },
  { name: '0001-items', up: 'CREATE SCHEMA shop; CREATE TABLE shop.items (id bigint PRIMARY KEY, stock numeric NOT NULL)' },
];

const until = async (condition: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> => {
  const end = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('it did not come about in time');
    await sleep(20);
  }
};

describeWithDatabase('Database', () => {
  let url: string;
  let drop: () => Promise<void>;
  let database: Database;
  const opened: Database[] = [];
  const open = (options: { url?: string; name?: string; poolSize?: number } = {}): Database => {
    const one = Database.create({ url, name: 'spec', migrations, ...options });
    opened.push(one);
    return one;
  };

  beforeAll(async () => ({ url, drop } = await createTestDatabase()));
  afterAll(() => drop());
  beforeEach(() => (database = open()));
  afterEach(() => Promise.all(opened.splice(0).map((one) => one.close())));

  it('migrates once, in order of the names, however many start at the same time', async () => {
    const many = Array.from({ length: 6 }, (_, index) => open({ name: `spec ${index}` }));
    await Promise.all(many.map((one) => one.ready()));
    expect(await database.query('SELECT count(*) FROM shop.items')).toEqual([{ count: '1' }]);
  });

  it('gives bigint and numeric as strings', async () => {
    expect(await database.query("SELECT 9007199254740993::bigint AS a, 0.1::numeric AS b, '{\"c\": 1}'::jsonb AS d")).toEqual([{ a: '9007199254740993', b: '0.1', d: { c: 1 } }]);
  });

  it('gives the rows of RETURNING and none for other writes', async () => {
    expect(await database.query('UPDATE shop.items SET stock = stock WHERE id = 1 RETURNING id')).toEqual([{ id: '1' }]);
    expect(await database.query('UPDATE shop.items SET stock = stock WHERE id = 1')).toEqual([]);
  });

  it('inserts many rows by one statement, JSON arrays and nulls among them', async () => {
    await database.transaction(async (sql) => {
      await sql.query('CREATE TEMPORARY TABLE things (id int, data jsonb, at timestamptz, raw bytea) ON COMMIT DROP');
      const columns = [{ name: 'id', type: 'int' }, { name: 'data', type: 'jsonb' }, { name: 'at', type: 'timestamptz' }, { name: 'raw', type: 'bytea' }];
      const back = await insertRows(sql, 'things', columns, [
        [1, [1, 'a"b\\', { c: [] }], '2026-07-01T00:00:00Z', Buffer.from([0, 255])],
        [2, { d: null }, null, null],
      ], 'RETURNING id, data, raw');
      expect(back).toEqual([{ id: 1, data: [1, 'a"b\\', { c: [] }], raw: Buffer.from([0, 255]) }, { id: 2, data: { d: null }, raw: null }]);
    });
  });

  it('runs a transaction again after a serialization failure', async () => {
    await database.query('INSERT INTO shop.items VALUES (2, 0)');
    const add = () => database.transaction(async (sql) => {
      const [row] = await sql.query<{ stock: string }>('SELECT stock FROM shop.items WHERE id = 2');
      await sleep(10);
      await sql.query('UPDATE shop.items SET stock = $1 WHERE id = 2', [Number(row?.stock) + 1]);
    }, { isolation: 'SERIALIZABLE' });
    await Promise.all([add(), add(), add()]);
    expect(await database.query('SELECT stock FROM shop.items WHERE id = 2')).toEqual([{ stock: '3' }]);
  });

  it('runs a transaction again after a deadlock', async () => {
    await database.query('INSERT INTO shop.items VALUES (10, 0), (11, 0)');
    const both = (first: number, second: number) => database.transaction(async (sql) => {
      await sql.query("SET LOCAL deadlock_timeout = '50ms'");
      await sql.query('UPDATE shop.items SET stock = stock + 1 WHERE id = $1', [first]);
      await sleep(50);
      await sql.query('UPDATE shop.items SET stock = stock + 1 WHERE id = $1', [second]);
    });
    await Promise.all([both(10, 11), both(11, 10)]);
    expect(await database.query('SELECT stock FROM shop.items WHERE id >= 10')).toEqual([{ stock: '2' }, { stock: '2' }]);
  });

  it('rolls back what a failed transaction did, and throws its error', async () => {
    const failure = new Error('no');
    await expect(database.transaction(async (sql) => {
      await sql.query('DELETE FROM shop.items');
      throw failure;
    })).rejects.toBe(failure);
    expect(await database.query('SELECT 1 FROM shop.items WHERE id = 1')).toHaveLength(1);
  });

  it('calls a cut connection Unavailable and works again at once', async () => {
    const other = open({ name: 'victim' });
    const slow = other.transaction(async (sql) => sql.query('SELECT pg_sleep(30)'));
    const idle = other.query('SELECT 1');
    await idle;
    await until(async () => (await database.query("SELECT 1 FROM pg_stat_activity WHERE application_name = 'victim' AND query LIKE '%pg_sleep%'")).length === 1);
    await database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim'");
    await expect(slow).rejects.toBeInstanceOf(Unavailable);
    expect(await other.transaction((sql) => sql.query('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
  });

  it('is Unavailable while the server refuses, and comes back by itself', async () => {
    const proxy = await TestProxy.before(url);
    await proxy.cut();
    const other = open({ url: proxy.through(url) });
    await expect(other.ready()).rejects.toBeInstanceOf(Unavailable);
    expect(other.healthy()).toBe(false);
    await proxy.open();
    expect(await other.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(other.healthy()).toBe(true);
    await proxy.cut();
    await expect(other.query('SELECT 1')).rejects.toBeInstanceOf(Unavailable);
    expect(other.healthy()).toBe(false);
    await proxy.open();
    await until(() => other.healthy());
    await proxy.cut();
  });

  it('gives up at the deadline when the network swallows everything', async () => {
    const proxy = await TestProxy.before(url);
    const other = open({ url: proxy.through(url) });
    await other.ready();
    proxy.swallow();
    const begun = Date.now();
    await expect(other.transaction((sql) => sql.query('SELECT 1'), { deadlineMs: 300 })).rejects.toBeInstanceOf(Unavailable);
    expect(Date.now() - begun).toBeLessThan(2_000);
    await proxy.cut();
  });

  it('sheds what waits too long for a connection', async () => {
    const small = open({ name: 'small', poolSize: 1 });
    const slow = small.query('SELECT pg_sleep(1)');
    await expect(small.transaction((sql) => sql.query('SELECT 1'), { deadlineMs: 200 })).rejects.toBeInstanceOf(Unavailable);
    await slow;
  });

  it('hears notifications, and after a lost connection says that some may be missing', async () => {
    const heard: string[] = [];
    const stop = await database.listen('news', (payload) => heard.push(payload));
    await database.query("SELECT pg_notify('news', 'first')");
    await until(() => heard.includes('first'));
    await database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'spec listener'");
    await until(() => heard.includes(''));
    await database.query("SELECT pg_notify('news', 'second')");
    await until(() => heard.includes('second'));
    await stop();
    await database.query("SELECT pg_notify('news', 'third')");
    await sleep(100);
    expect(heard).toEqual(['first', '', 'second']);
  });
});

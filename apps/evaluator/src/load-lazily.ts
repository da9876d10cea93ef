import Module from 'node:module';

type Load = (request: string, parent: { filename?: string | null } | undefined, isMain: boolean) => unknown;
const loader = Module as unknown as { _load: Load };

/**
 * What the libraries below name at their top, and this process needs late or never. Each is an ES module compiled to CommonJS, or one
 * whose members alone are used.
 */
const late: readonly { request: RegExp; parent: RegExp }[] = [
  // Redis, Kafka and InfluxDB, where none is configured; telephone numbers, which class-validator can check and we never do.
  { request: /^ioredis$/, parent: /redis-snapshot-cache\.js$/ },
  { request: /^kafkajs$/, parent: /kafka-event-log/ },
  { request: /^@influxdata\/influxdb-client$/, parent: /influx-time-series\.js$/ },
  { request: /^libphonenumber-js\/max$/, parent: /class-validator/ },
  { request: /^validator(\/|$)/, parent: /class-validator/ },
  // Every database that TypeORM knows, but ours; and most of what it does with entities, of which we have none.
  { request: /^\.\/(?!postgres\/)[\w-]+\/\w+Driver$/, parent: /typeorm\/driver\/DriverFactory\.js$/ },
  { request: /^\.\.?\/.*\w$/, parent: /\/node_modules\/typeorm\/(?!index)/ },
  // Operators of streams: Nest uses a handful of two hundred.
  { request: /^\.\.?\/.*\w$/, parent: /\/node_modules\/rxjs\/dist\/cjs\// },
  // Nest's own Fastify: ours is handed to it. What HTTP/2, plugins' versions and exemplars need, of which there are none.
  { request: /^fastify$/, parent: /@nestjs\/platform-fastify\/adapters/ },
  { request: /^(node:)?http2$/, parent: /\/node_modules\/fastify\// },
  { request: /^semver$/, parent: /\/node_modules\/fastify\// },
  { request: /^@opentelemetry\/api$/, parent: /\/node_modules\/prom-client\// },
];

const isLate = (request: string, filename: string): boolean => late.some((one) => one.request.test(request) && one.parent.test(filename));

/** Stands for a module until one of its members is asked for. */
const standIn = (load: () => object): object => {
  let module: object | undefined;
  const real = (): object => (module ??= load());
  return new Proxy({}, {
    get: (_target, name) => (name === '__esModule' ? true : (Reflect.get(real(), name) as unknown)),
    has: (_target, name) => name in real(),
    set: (_target, name, value) => Reflect.set(real(), name, value),
    ownKeys: () => Reflect.ownKeys(real()),
    getOwnPropertyDescriptor: (_target, name) => {
      const found = Reflect.getOwnPropertyDescriptor(real(), name);
      // The stand-in has no such member itself, so that it may not call it fixed.
      return found === undefined ? undefined : { ...found, configurable: true };
    },
  });
};

/** The two of TypeORM's three hundred modules that hold what we use of it; its index would load them all. */
const parts: Readonly<Record<string, string>> = { DataSource: 'data-source/DataSource.js', MigrationExecutor: 'migration/MigrationExecutor.js' };

const inParts = (load: (request: string) => object): object => new Proxy({}, {
  get: (_target, name) => Reflect.get(load(typeof name === 'string' && name in parts ? `typeorm/${parts[name]!}` : 'typeorm'), name) as unknown,
});

const { DateTimeFormat } = Intl;

/** Formats dates, and wakes the whole of ICU, only when it has to: Nest's console logger, which is replaced, makes a formatter at its top, as does the one it rests on. */
class LateFormat {
  format(date?: Date | number): string {
    return new DateTimeFormat().format(date);
  }
}

const withLateFormat = (load: () => unknown): unknown => {
  const before = Intl.DateTimeFormat; // one of the two loads the other
  Intl.DateTimeFormat = LateFormat as unknown as typeof DateTimeFormat;
  try {
    return load();
  } finally {
    Intl.DateTimeFormat = before;
  }
};

// As newer versions of Node have it. Without, pg makes a Response to find out where it runs, and that loads a whole HTTP client.
if (!('navigator' in globalThis)) Object.defineProperty(globalThis, 'navigator', { value: { userAgent: `Node.js/${process.versions.node.split('.')[0]!}` }, configurable: true });

/**
 * Makes those packages load when they are first used: they would take a quarter of an evaluator's memory for nothing. To be imported
 * before anything else, and by the process's own main alone.
 */
const { _load: load } = loader;
loader._load = (request, parent, isMain) => {
  const now = (): unknown => load.call(Module, request, parent, isMain);
  if (request === 'typeorm') return inParts((part) => load.call(Module, part, parent, isMain) as object);
  if (isLate(request, parent?.filename ?? '')) return standIn(() => now() as object);
  return /logger\.service$/.test(request) ? withLateFormat(now) : now();
};

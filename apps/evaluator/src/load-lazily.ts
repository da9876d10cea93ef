import Module from 'node:module';

type Load = (request: string, parent: { filename?: string | null } | undefined, isMain: boolean) => unknown;
type Compile = (this: unknown, text: string, filename: string) => unknown;
const loader = Module as unknown as { _load: Load; prototype: { _compile: Compile } };

/**
 * What the libraries below name at their top, and this process needs late or never. Each is an ES module compiled to CommonJS, or one
 * whose members alone are used.
 */
const late: readonly { request: RegExp; parent: RegExp }[] = [
  // Redis, Kafka and InfluxDB, where none is configured; telephone numbers, which class-validator can check and we never do; the compiler of schemas.
  { request: /^ioredis$/, parent: /redis-snapshot-cache\.js$/ },
  { request: /^kafkajs$/, parent: /kafka-event-log/ },
  { request: /^@influxdata\/influxdb-client$/, parent: /influx-time-series\.js$/ },
  { request: /^libphonenumber-js\/max$/, parent: /class-validator/ },
  { request: /^validator(\/|$)/, parent: /class-validator/ },
  { request: /^ajv$/, parent: /contracts\/.*schema\.js$/ },
  // Every database that TypeORM knows, but ours; and most of what it does with entities, of which we have none.
  { request: /^\.\/(?!postgres\/)[\w-]+\/\w+Driver$/, parent: /typeorm\/driver\/DriverFactory\.js$/ },
  { request: /^\.\.?\/.*\w$/, parent: /\/node_modules\/typeorm\/(?!index)/ },
  { request: /^(@sqltools\/formatter|sql-highlight|ansis|tinyglobby|uuid|dayjs)$/, parent: /\/node_modules\/typeorm\// },
  // Operators of streams: Nest uses a handful of two hundred.
  { request: /^\.\.?\/.*\w$/, parent: /\/node_modules\/rxjs\/dist\/cjs\// },
  // Nest's own Fastify: ours is handed to it. What HTTP/2, plugins' versions and exemplars need, of which there are none.
  { request: /^fastify$/, parent: /@nestjs\/platform-fastify\/adapters/ },
  { request: /^@fastify\/proxy-addr$/, parent: /\/node_modules\/fastify\// },
  { request: /^(node:)?http2$/, parent: /\/node_modules\/fastify\// },
  { request: /^semver$/, parent: /\/node_modules\/fastify\// },
  { request: /^(@opentelemetry\/api|tdigest)$/, parent: /\/node_modules\/prom-client\// },
  // The transports that Nest has, where ours is.
  { request: /^\.\/(server|client)-\w+$/, parent: /\/node_modules\/@nestjs\/microservices\/(server\/server-factory|client\/client-proxy-factory)\.js$/ },
];

/** What an index only passes on, all its members at once, and nobody here asks for. */
const unused: readonly { request: RegExp; parent: RegExp }[] = [
  // All but gRPC's server: Nest asks whether ours is one.
  { request: /^\.\/(client-grpc|(server|client)-(kafka|mqtt|nats|redis|rmq|tcp))$/, parent: /\/node_modules\/@nestjs\/microservices\/(server|client)\/index\.js$/ },
  { request: /^\.\/repl$/, parent: /\/node_modules\/@nestjs\/core\/index\.js$/ },
];

const isIn = (rules: typeof late, request: string, filename: string): boolean => rules.some((one) => one.request.test(request) && one.parent.test(filename));

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

/** Where the members are that we use of packages whose index loads hundreds of modules. */
const parts: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  typeorm: { DataSource: 'typeorm/data-source/DataSource.js' },
  'class-validator-jsonschema': { JSONSchema: 'class-validator-jsonschema/build/decorators.js' },
};

const inParts = (whole: string, load: (request: string) => object): object => new Proxy({}, {
  get: (_target, name) => (name === '__esModule' ? true : (Reflect.get(load(parts[whole]![name as string] ?? whole), name) as unknown)),
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
  const filename = parent?.filename ?? '';
  if (Object.hasOwn(parts, request)) return inParts(request, (part) => load.call(Module, part, parent, isMain) as object);
  if (isIn(unused, request, filename)) return {};
  if (isIn(late, request, filename)) return standIn(() => now() as object);
  return /logger\.service$/.test(request) ? withLateFormat(now) : now();
};

/**
 * One character beyond Latin-1, most often a dash or an arrow in a comment, makes the whole text of a module take two bytes for each of its
 * characters for as long as the process lives. Escaped, it means the same.
 */
const { _compile: compile } = loader.prototype;
loader.prototype._compile = function (text, filename) {
  return compile.call(this, text.replace(/[\u0100-\uffff]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`), filename);
};

import Module from 'node:module';

type Load = (request: string, parent: { filename?: string | null } | undefined, isMain: boolean) => unknown;
const loader = Module as unknown as { _load: Load };

/** Packages that the libraries below name at their top, and that this process needs late or never; all are ES modules compiled to CommonJS. */
const late: readonly { request: RegExp; parent: RegExp }[] = [
  // Redis, where none is configured; telephone numbers, which class-validator can check and we never do.
  { request: /^ioredis$/, parent: /redis-snapshot-cache\.js$/ },
  { request: /^libphonenumber-js\/max$/, parent: /class-validator/ },
  // Every database that TypeORM knows, but ours.
  { request: /^\.\/(?!postgres\/)[\w-]+\/\w+Driver$/, parent: /typeorm\/driver\/DriverFactory\.js$/ },
];

const isLate = (request: string, filename: string): boolean => late.some((one) => one.request.test(request) && one.parent.test(filename));

/** Stands for a module until one of its members is asked for. */
const standIn = (load: () => object): object => {
  let module: object | undefined;
  const real = (): object => (module ??= load());
  return new Proxy({}, {
    get: (_target, name) => (name === '__esModule' ? true : (Reflect.get(real(), name) as unknown)),
    has: (_target, name) => name in real(),
  });
};

/**
 * Makes those packages load when they are first used: they would take a tenth of an evaluator's memory for nothing. To be imported
 * before anything else, and by the process's own main alone.
 */
const { _load: load } = loader;
loader._load = (request, parent, isMain) =>
  isLate(request, parent?.filename ?? '') ? standIn(() => load.call(Module, request, parent, isMain) as object) : load.call(Module, request, parent, isMain);

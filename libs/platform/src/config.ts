import { isIP } from 'node:net';
import { roles, type Role } from '@pataka/contracts';
import { logLevels, type LogLevel } from './logging';

/** Where a Redis cluster is reached. */
export interface HostPort { host: string; port: number }
/** How to log in to Kafka. */
export interface KafkaSasl { mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; username: string; password: string }
/** An InfluxDB v2 API; `org` is '' for InfluxDB 1.8. */
export interface InfluxConfig { url: string; token: string; org: string; bucket: string }

/** An OpenID provider to sign in with. `roles` maps values of the claim to roles, `*` whoever has none of them. */
export interface OidcConfig { issuer: string; clientId: string; clientSecret: string; name: string; roleClaim: string; roles: Readonly<Record<string, Role>> }

/** The environment, checked. What is absent is embedded or left out. */
export interface PlatformConfig {
  port: number;
  dataDir: string;
  databaseUrl?: string;
  kafkaBrokers?: string[];
  kafkaSasl?: KafkaSasl;
  kafkaSsl?: boolean;
  redisUrl?: string;
  redisClusterNodes?: HostPort[];
  influx?: InfluxConfig;
  otlpEndpoint?: string;
  adminToken?: string;
  serverKey?: string;
  clientKey?: string;
  /** Where browsers reach this, without a slash at the end: decides whether cookies are secure, and where OpenID providers send people back to. */
  publicUrl?: string;
  oidc?: OidcConfig;
  /** Webhooks may go to private addresses, over plain HTTP and to any port. */
  webhooksAllowPrivate?: boolean;
  /** Addresses and networks of proxies whose X-Forwarded-For is believed; loopback always is. */
  trustedProxies?: string[];
  /** Holds the instant that rollouts take for now: for tests and demonstrations. */
  clockFile?: string;
  /** Which commit runs, to be told at /metrics. */
  commit?: string;
  logLevel: LogLevel;
}

/** One variable that cannot be used, and why; never with its value. */
export interface ConfigFault { variable: string; detail: string }

/** Every fault of the environment at once. A process ends with 78 (EX_CONFIG) on it. */
export class ConfigError extends Error {
  constructor(readonly faults: readonly ConfigFault[]) {
    super(`The configuration can't be used:\n${faults.map(({ variable, detail }) => `  ${variable} ${detail}`).join('\n')}`);
  }
}

/** sysexits' EX_CONFIG. */
export const EXIT_CONFIG = 78;

type Environment = Readonly<Record<string, string | undefined>>;
const EXAMPLES = new Set(['changeme', 'change-me', 'change_me', 'secret', 'password', 'example', 'admin', 'default']);
const DEFAULT_PORT = 8080;
const MAX_PORT = 65_535;

/** Reads variables and collects what is wrong with them. An empty variable counts as not set, as compose files write them. */
class Reader {
  readonly faults: ConfigFault[] = [];
  constructor(private readonly environment: Environment) {}

  fault(variable: string, detail: string): undefined {
    this.faults.push({ variable, detail });
    return undefined;
  }

  text(variable: string): string | undefined {
    const value = this.environment[variable]?.trim();
    return value === '' ? undefined : value;
  }

  secret(variable: string): string | undefined {
    const value = this.text(variable);
    if (value === undefined) return undefined;
    if (EXAMPLES.has(value.toLowerCase())) return this.fault(variable, 'is a well-known example: choose a secret of your own');
    return value;
  }

  token(variable: string): string | undefined {
    const value = this.secret(variable);
    if (value !== undefined && !/^[\x21-\x7e]{1,512}$/.test(value)) return this.fault(variable, 'must be 1 to 512 visible ASCII characters, since it travels in a header');
    return value;
  }

  url(variable: string, schemes: readonly string[]): string | undefined {
    const value = this.text(variable);
    if (value === undefined) return undefined;
    const parsed = URL.canParse(value) ? new URL(value) : undefined;
    const fits = parsed !== undefined && schemes.includes(parsed.protocol.slice(0, -1)) && parsed.hostname !== '';
    return fits ? value : this.fault(variable, `must be a URL like ${schemes[0]}://host:port`);
  }

  oneOf<Choice extends string>(variable: string, choices: readonly Choice[]): Choice | undefined {
    const value = this.text(variable)?.toLowerCase();
    if (value === undefined) return undefined;
    return choices.find((choice) => choice === value) ?? this.fault(variable, `must be one of ${choices.join(', ')}`);
  }

  hosts(variable: string): HostPort[] | undefined {
    const value = this.text(variable);
    if (value === undefined) return undefined;
    const hosts = value.split(',').map((part) => hostPort(part.trim().replace(/^rediss?:\/\//, '')));
    return hosts.every((host) => host !== undefined) ? hosts : this.fault(variable, 'must be host:port, or several with commas between');
  }
}

/** Without the members that are not there. */
const given = <Members extends object>(members: Members): { [Name in keyof Members]?: Exclude<Members[Name], undefined> } =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;

const hostPort = (text: string): HostPort | undefined => {
  const found = /^(\[[0-9a-f:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/i.exec(text);
  const port = Number(found?.[2]);
  return found === null || port < 1 || port > MAX_PORT ? undefined : { host: found[1]!.replace(/^\[|\]$/g, ''), port };
};

const readPort = (reader: Reader): number => {
  const text = reader.text('PORT') ?? String(DEFAULT_PORT);
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > MAX_PORT) reader.fault('PORT', `must be a whole number from 0 to ${MAX_PORT}`);
  return port;
};

const readDataDir = (reader: Reader): string => {
  const dataDir = reader.text('PATAKA_DATA_DIR') ?? './data';
  if (dataDir.includes('\u0000')) reader.fault('PATAKA_DATA_DIR', 'is no path');
  return dataDir;
};

/** The variables of a group that are set; where any is, each of `needed` is missed. */
const groupOf = (reader: Reader, needed: readonly string[], optional: readonly string[]): string[] => {
  const set = [...needed, ...optional].filter((name) => reader.text(name) !== undefined);
  if (set.length > 0) for (const name of needed) if (!set.includes(name)) reader.fault(name, `is needed with ${set.join(', ')}`);
  return set;
};

const readSasl = (reader: Reader): KafkaSasl | undefined => {
  groupOf(reader, ['KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD'], ['KAFKA_SASL_MECHANISM']);
  const mechanism = reader.oneOf('KAFKA_SASL_MECHANISM', ['plain', 'scram-sha-256', 'scram-sha-512']) ?? 'plain';
  const username = reader.text('KAFKA_SASL_USERNAME');
  const password = reader.secret('KAFKA_SASL_PASSWORD');
  return username === undefined || password === undefined ? undefined : { mechanism, username, password };
};

const readSwitch = (reader: Reader, variable: string): boolean | undefined => {
  const value = reader.oneOf(variable, ['true', 'false', '1', '0']);
  return value === undefined ? undefined : value === 'true' || value === '1';
};

const readKafka = (reader: Reader): Pick<PlatformConfig, 'kafkaBrokers' | 'kafkaSasl' | 'kafkaSsl'> => {
  const brokers = reader.hosts('KAFKA_BROKERS')?.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`);
  const sasl = readSasl(reader);
  const ssl = readSwitch(reader, 'KAFKA_SSL');
  const wanted = reader.text('KAFKA_BROKERS') !== undefined;
  if (wanted && reader.text('DATABASE_URL') === undefined) {
    reader.fault('KAFKA_BROKERS', 'needs DATABASE_URL beside it: Kafka carries events between processes that have to share a PostgreSQL');
  }
  if (!wanted && (sasl ?? ssl) !== undefined) reader.fault('KAFKA_BROKERS', 'is needed with the other KAFKA variables');
  return given({ kafkaBrokers: brokers, kafkaSasl: sasl, kafkaSsl: ssl });
};

const readInflux = (reader: Reader): InfluxConfig | undefined => {
  const url = reader.url('INFLUX_URL', ['http', 'https']);
  const token = reader.secret('INFLUX_TOKEN');
  const bucket = reader.text('INFLUX_BUCKET');
  const org = reader.text('INFLUX_ORG') ?? '';
  groupOf(reader, ['INFLUX_URL', 'INFLUX_TOKEN', 'INFLUX_BUCKET'], ['INFLUX_ORG']);
  return url === undefined || token === undefined || bucket === undefined ? undefined : { url, token, org, bucket };
};

const credentialVariables = { adminToken: 'PATAKA_ADMIN_TOKEN', serverKey: 'PATAKA_SERVER_KEY', clientKey: 'PATAKA_CLIENT_KEY' } as const;

const readCredentials = (reader: Reader): Pick<PlatformConfig, keyof typeof credentialVariables> => {
  const found: Pick<PlatformConfig, keyof typeof credentialVariables> = {};
  const seen = new Map<string, string>();
  for (const [member, variable] of Object.entries(credentialVariables)) {
    const token = reader.token(variable);
    if (token === undefined) continue;
    const same = seen.get(token);
    if (same !== undefined) reader.fault(variable, `must differ from ${same}: one secret would open both`);
    seen.set(token, variable);
    found[member as keyof typeof credentialVariables] = token;
  }
  return found;
};

const originOf = (reader: Reader, variable: string): string | undefined => {
  const text = reader.url(variable, ['https', 'http']);
  if (text === undefined) return undefined;
  const { origin, pathname, search, hash } = new URL(text);
  return pathname === '/' && search === '' && hash === '' ? origin : reader.fault(variable, 'is an origin alone, like https://flags.example.org');
};

const isLoopback = (hostname: string): boolean => ['localhost', '127.0.0.1', '[::1]'].includes(hostname);

const readRoles = (reader: Reader): Record<string, Role> => {
  const variable = 'PATAKA_OIDC_ROLES';
  const found: Record<string, Role> = {};
  for (const pair of (reader.text(variable) ?? '').split(',').filter((part) => part.trim() !== '')) {
    const at = pair.lastIndexOf('=');
    const role = roles.find((known) => known === pair.slice(at + 1).trim());
    const value = pair.slice(0, Math.max(at, 0)).trim();
    if (role === undefined || value === '') reader.fault(variable, `takes value=role with commas between, a role being one of ${roles.join(', ')}`);
    else found[value] = role;
  }
  return found;
};

const OIDC_NEEDED = ['PATAKA_OIDC_ISSUER', 'PATAKA_OIDC_CLIENT_ID', 'PATAKA_OIDC_CLIENT_SECRET', 'PATAKA_OIDC_ROLES', 'PATAKA_PUBLIC_URL'];

const readOidc = (reader: Reader): OidcConfig | undefined => {
  const issuer = reader.url('PATAKA_OIDC_ISSUER', ['https', 'http']);
  const clientId = reader.text('PATAKA_OIDC_CLIENT_ID');
  const clientSecret = reader.secret('PATAKA_OIDC_CLIENT_SECRET');
  const wanted = [issuer, clientId, clientSecret].some((value) => value !== undefined);
  if (wanted) groupOf(reader, OIDC_NEEDED, []);
  if (issuer !== undefined && new URL(issuer).protocol === 'http:' && !isLoopback(new URL(issuer).hostname)) reader.fault('PATAKA_OIDC_ISSUER', 'must be https: the provider decides who comes in');
  const mapping = readRoles(reader);
  if (issuer === undefined || clientId === undefined || clientSecret === undefined) return undefined;
  return { issuer, clientId, clientSecret, name: reader.text('PATAKA_OIDC_NAME') ?? new URL(issuer).hostname, roleClaim: reader.text('PATAKA_OIDC_ROLE_CLAIM') ?? 'roles', roles: mapping };
};

const isNetwork = (text: string): boolean => {
  const [address = '', bits = '0'] = text.split('/');
  const family = isIP(address);
  return family !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32);
};

const readProxies = (reader: Reader): string[] | undefined => {
  const variable = 'PATAKA_TRUSTED_PROXIES';
  const networks = reader.text(variable)?.split(',').map((part) => part.trim());
  return networks === undefined || networks.every(isNetwork) ? networks : reader.fault(variable, 'takes addresses or networks like 10.0.0.0/8, with commas between');
};

/**
 * Reads the environment.
 * @throws ConfigError that names every variable at fault, and the value of none.
 */
export const loadPlatformConfig = (environment: Environment): PlatformConfig => {
  const reader = new Reader(environment);
  const config: PlatformConfig = {
    port: readPort(reader),
    dataDir: readDataDir(reader),
    logLevel: reader.oneOf('LOG_LEVEL', logLevels) ?? 'info',
    ...readKafka(reader),
    ...readCredentials(reader),
    ...given({
      publicUrl: originOf(reader, 'PATAKA_PUBLIC_URL'),
      oidc: readOidc(reader),
      trustedProxies: readProxies(reader),
      webhooksAllowPrivate: readSwitch(reader, 'PATAKA_WEBHOOKS_ALLOW_PRIVATE'),
      databaseUrl: reader.url('DATABASE_URL', ['postgres', 'postgresql']),
      redisUrl: reader.url('REDIS_URL', ['redis', 'rediss']),
      redisClusterNodes: reader.hosts('REDIS_CLUSTER_NODES'),
      influx: readInflux(reader),
      clockFile: reader.text('PATAKA_CLOCK_FILE'),
      commit: reader.text('PATAKA_COMMIT')?.slice(0, 64),
      otlpEndpoint: reader.url('OTEL_EXPORTER_OTLP_ENDPOINT', ['http', 'https']),
    }),
  };
  if (reader.faults.length > 0) throw new ConfigError(reader.faults);
  return Object.freeze(config);
};

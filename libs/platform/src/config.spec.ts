import { ConfigError, loadPlatformConfig } from './config';

const faultsOf = (environment: Record<string, string>): string[] => {
  try {
    loadPlatformConfig(environment);
    return [];
  } catch (error) {
    return (error as ConfigError).faults.map(({ variable }) => variable);
  }
};
const DATABASE_URL = 'postgres://pataka:hunter2@db:5432/pataka';
const OIDC = {
  PATAKA_PUBLIC_URL: 'https://flags.example.org', PATAKA_OIDC_ISSUER: 'https://id.example.org', PATAKA_OIDC_CLIENT_ID: 'pataka', PATAKA_OIDC_CLIENT_SECRET: 'x', PATAKA_OIDC_ROLES: '*=viewer',
};

describe('the configuration', () => {
  it('needs no variable, and takes an empty one for none', () => {
    const expected = { port: 8080, dataDir: './data', logLevel: 'info' };
    expect(loadPlatformConfig({})).toEqual(expected);
    expect(loadPlatformConfig({ PORT: '', DATABASE_URL: ' ', KAFKA_BROKERS: '', INFLUX_ORG: '' })).toEqual(expected);
  });
  it('reads everything there is', () => {
    expect(loadPlatformConfig({
      PORT: '0', PATAKA_DATA_DIR: '/var/lib/pataka', DATABASE_URL, KAFKA_BROKERS: 'a:9092, b:9093,[::1]:9094', KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512', KAFKA_SASL_USERNAME: 'u',
      KAFKA_SASL_PASSWORD: 'p', KAFKA_SSL: 'true', REDIS_URL: 'rediss://:p@r:6379/1', REDIS_CLUSTER_NODES: 'redis://a:7000,b:7001', INFLUX_URL: 'http://i:8086', INFLUX_TOKEN: 'u:p',
      INFLUX_BUCKET: 'db/rp', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://o:4318', PATAKA_ADMIN_TOKEN: 'a', PATAKA_SERVER_KEY: 's', PATAKA_CLIENT_KEY: 'c', LOG_LEVEL: 'WARN',
      PATAKA_PUBLIC_URL: 'https://flags.example.org/', PATAKA_OIDC_ISSUER: 'https://id.example.org', PATAKA_OIDC_CLIENT_ID: 'pataka', PATAKA_OIDC_CLIENT_SECRET: 'x', PATAKA_OIDC_ROLES: 'ops=admin, *=viewer',
      PATAKA_TRUSTED_PROXIES: '10.0.0.0/8, ::2',
    })).toEqual({
      port: 0, dataDir: '/var/lib/pataka', databaseUrl: DATABASE_URL, kafkaBrokers: ['a:9092', 'b:9093', '[::1]:9094'], kafkaSasl: { mechanism: 'scram-sha-512', username: 'u', password: 'p' },
      kafkaSsl: true, redisUrl: 'rediss://:p@r:6379/1', redisClusterNodes: [{ host: 'a', port: 7000 }, { host: 'b', port: 7001 }],
      influx: { url: 'http://i:8086', token: 'u:p', org: '', bucket: 'db/rp' }, otlpEndpoint: 'http://o:4318', adminToken: 'a', serverKey: 's', clientKey: 'c', logLevel: 'warn',
      publicUrl: 'https://flags.example.org', trustedProxies: ['10.0.0.0/8', '::2'],
      oidc: { issuer: 'https://id.example.org', clientId: 'pataka', clientSecret: 'x', name: 'id.example.org', roleClaim: 'roles', roles: { ops: 'admin', '*': 'viewer' } },
    });
  });
  it.each([
    ['PORT', { PORT: '80a' }], ['PORT', { PORT: '65536' }], ['PORT', { PORT: '-1' }], ['PORT', { PORT: '8080.5' }],
    ['DATABASE_URL', { DATABASE_URL: 'mysql://x/y' }], ['DATABASE_URL', { DATABASE_URL: 'localhost' }],
    ['KAFKA_BROKERS', { KAFKA_BROKERS: 'kafka', DATABASE_URL }], ['KAFKA_BROKERS', { KAFKA_BROKERS: 'a:1,,b:2', DATABASE_URL }], ['KAFKA_BROKERS', { KAFKA_BROKERS: 'a:70000', DATABASE_URL }],
    ['KAFKA_BROKERS', { KAFKA_SSL: 'true' }], ['KAFKA_SSL', { KAFKA_BROKERS: 'a:1', DATABASE_URL, KAFKA_SSL: 'maybe' }],
    ['KAFKA_SASL_PASSWORD', { KAFKA_BROKERS: 'a:1', DATABASE_URL, KAFKA_SASL_USERNAME: 'u' }], ['KAFKA_SASL_USERNAME', { KAFKA_BROKERS: 'a:1', DATABASE_URL, KAFKA_SASL_PASSWORD: 'p' }],
    ['REDIS_URL', { REDIS_URL: 'http://r' }], ['REDIS_CLUSTER_NODES', { REDIS_CLUSTER_NODES: 'r' }],
    ['INFLUX_TOKEN', { INFLUX_URL: 'http://i', INFLUX_BUCKET: 'b' }], ['INFLUX_URL', { INFLUX_TOKEN: 't', INFLUX_BUCKET: 'b' }],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector' }], ['LOG_LEVEL', { LOG_LEVEL: 'loud' }],
    ['PATAKA_ADMIN_TOKEN', { PATAKA_ADMIN_TOKEN: 'changeme' }], ['PATAKA_SERVER_KEY', { PATAKA_SERVER_KEY: 'Secret' }], ['PATAKA_CLIENT_KEY', { PATAKA_CLIENT_KEY: 'password' }],
    ['PATAKA_ADMIN_TOKEN', { PATAKA_ADMIN_TOKEN: 'with blank' }], ['PATAKA_CLIENT_KEY', { PATAKA_SERVER_KEY: 'same', PATAKA_CLIENT_KEY: 'same' }],
    ['INFLUX_TOKEN', { INFLUX_URL: 'http://i', INFLUX_TOKEN: 'changeme', INFLUX_BUCKET: 'b' }],
    ['PATAKA_PUBLIC_URL', { PATAKA_PUBLIC_URL: 'https://flags.example.org/path' }], ['PATAKA_PUBLIC_URL', { PATAKA_PUBLIC_URL: 'flags.example.org' }],
    ['PATAKA_OIDC_ISSUER', { ...OIDC, PATAKA_OIDC_ISSUER: 'http://id.example.org' }], ['PATAKA_OIDC_ROLES', { ...OIDC, PATAKA_OIDC_ROLES: 'ops=owner' }],
    ['PATAKA_OIDC_ROLES', { ...OIDC, PATAKA_OIDC_ROLES: '' }], ['PATAKA_PUBLIC_URL', { ...OIDC, PATAKA_PUBLIC_URL: '' }], ['PATAKA_OIDC_CLIENT_SECRET', { ...OIDC, PATAKA_OIDC_CLIENT_SECRET: '' }],
    ['PATAKA_TRUSTED_PROXIES', { PATAKA_TRUSTED_PROXIES: 'proxy' }], ['PATAKA_TRUSTED_PROXIES', { PATAKA_TRUSTED_PROXIES: '10.0.0.0/33' }],
  ])('is refused for %s in %j', (variable, environment) => {
    expect(faultsOf(environment as unknown as Record<string, string>)).toEqual([variable]);
  });
  it('names both variables when Kafka comes without PostgreSQL', () => {
    expect(() => loadPlatformConfig({ KAFKA_BROKERS: 'a:1' })).toThrow(/KAFKA_BROKERS needs DATABASE_URL/);
  });
  it('names every fault at once and the value of none', () => {
    const environment = { PORT: 'seventy', DATABASE_URL: 'hunter2://x', REDIS_URL: 'hunter2', PATAKA_ADMIN_TOKEN: 'hunter2 hunter2', LOG_LEVEL: 'loud' };
    expect(faultsOf(environment).sort()).toEqual(Object.keys(environment).sort());
    expect(() => loadPlatformConfig(environment)).toThrow(expect.objectContaining({ message: expect.not.stringMatching(/hunter2|seventy|loud/) as string }) as Error);
  });
});

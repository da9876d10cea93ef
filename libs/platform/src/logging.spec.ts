import { createLogger, nestLogger, scrub, type Logger } from './logging';

const logged = (write: (logger: Logger) => void): Record<string, unknown>[] => {
  const lines: string[] = [];
  write(createLogger('svc', 'debug', { write: (line) => void lines.push(line) }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
};

describe('the log', () => {
  it('masks credentials wherever they stand', () => {
    const secret = 'hunter2hunter2';
    const text = JSON.stringify(logged((logger) => {
      logger.info({ headers: { authorization: `Bearer ${secret}`, 'x-api-key': secret }, token: secret }, 'in');
      logger.info({ request: { headers: { authorization: secret } }, authorization: secret });
      logger.info({ url: `/ofrep/v1/stream?environment=production&token=${secret}&x=1` }, `GET /v1/stream?access_token=${secret}`);
      logger.error({ err: new Error(`connect postgres://pataka:${secret}@db:5432/x failed, sent Bearer ${secret}`) });
      logger.warn(`redis://:${secret}@r:6379 and pataka_server_${secret}${secret}`);
    }));
    expect(text).not.toContain('hunter2');
    expect(text).toContain('environment=production');
    expect(text).toContain('x=1');
    expect(text).toContain('@db:5432');
  });
  it('leaves everything else as it is', () => {
    for (const text of ['GET /api/flags?limit=10', 'the bearer of bad news', 'postgres://db:5432/x', 'mail a:b@c', '{"key":"new_map"}']) {
      expect(scrub(text)).toBe(text.replace('bearer of', 'bearer [redacted]'));
    }
  });
  it('is one line of JSON for each event, whatever is in it', () => {
    const [line] = logged((logger) => logger.info({ flag: 'a\nb' }, 'x\n{"level":60}'));
    expect(line).toMatchObject({ name: 'svc', level: 30, flag: 'a\nb', msg: 'x\n{"level":60}' });
  });
  it("keeps Nest's chatter at debug and its errors with their stacks", () => {
    const lines = logged((logger) => {
      nestLogger(logger).log('starting', 'NestFactory');
      nestLogger(logger).error(new Error('broken'), 'Injector');
    });
    expect(lines[0]).toMatchObject({ level: 20, msg: 'starting', nest: ['NestFactory'] });
    expect(lines[1]).toMatchObject({ level: 50, msg: 'broken', err: { stack: expect.stringContaining('broken') as string } });
  });
});

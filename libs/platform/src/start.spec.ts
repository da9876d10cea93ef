import { start } from './start';

/** process.exit as a throw, so that what would follow it does not happen. */
class Exit extends Error {
  constructor(readonly code: number) {
    super(`exit ${code}`);
  }
}

const crashes = ['uncaughtException', 'unhandledRejection'] as const;
const kept = new Set(crashes.flatMap((name) => process.listeners(name as never)));
/** What `start` has installed would end the test run on any error of another test. */
const forgetCrashHandlers = (): void => {
  for (const name of crashes) process.listeners(name as never).filter((listener) => !kept.has(listener)).forEach((listener) => process.off(name, listener));
};

const exitOf = async (environment: Record<string, string>): Promise<{ code: number | null; said: string }> => {
  const before = { ...process.env };
  let said = '';
  const exit = jest.spyOn(process, 'exit').mockImplementation((code) => {
    throw new Exit(Number(code));
  });
  const stderr = jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
  try {
    process.env = { LOG_LEVEL: 'silent', ...environment };
    await start('evaluator', () => Promise.reject(new Error('never reached')));
    return { code: null, said };
  } catch (error) {
    return { code: (error as Exit).code, said };
  } finally {
    process.env = before;
    exit.mockRestore();
    stderr.mockRestore();
    forgetCrashHandlers();
  }
};

describe('the start of a service', () => {
  it('ends with 78 and names the variables on a configuration that cannot be used', async () => {
    expect(await exitOf({ PORT: 'x', PATAKA_ADMIN_TOKEN: 'changeme' })).toEqual({ code: 78, said: expect.stringMatching(/PORT must[^]*PATAKA_ADMIN_TOKEN is a well-known example/) as string });
  });
  it('ends with 78 without a PostgreSQL to run on by itself', async () => {
    expect(await exitOf({})).toEqual({ code: 78, said: expect.stringContaining('DATABASE_URL') as string });
  });
  it('ends with 1 when the service cannot open', async () => {
    expect((await exitOf({ DATABASE_URL: 'postgres://127.0.0.1:1/none' })).code).toBe(1);
  });
});

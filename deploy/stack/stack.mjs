import { parseArgs } from 'node:util';
import { defaultDir, killService, pidOf, restartService, serviceNames, startStack, stopStack } from './services.mjs';

const usage = `npm run stack [-- --only ${serviceNames.join(',')}] [--best-effort]   start, and print export lines
npm run stack -- stop                                        end all of it
npm run stack -- restart|kill|pid <service> [signal]         one service, to see what happens without it

Lives in PATAKA_STACK_DIR (${defaultDir()}). --best-effort leaves out what can't be had.
To use it: eval "$(npm run -s stack)"`;

const say = (line) => console.error(line);

const quoted = (value) => `'${value.replaceAll("'", `'\\''`)}'`;

const start = async ({ only, 'best-effort': bestEffort }) => {
  const names = only?.split(',').map((name) => name.trim()).filter(Boolean);
  const { env, missing } = await startStack({ ...(names && { only: names }), bestEffort, say });
  for (const { name, reason } of missing) say(`WITHOUT ${name}: ${reason}`);
  for (const [name, value] of Object.entries(env)) console.log(`export ${name}=${quoted(value)}`);
};

const commands = {
  start,
  stop: () => stopStack(),
  restart: async (_options, name) => console.log(await restartService(defaultDir(), name)),
  kill: (_options, name, signal) => killService(defaultDir(), name, signal),
  pid: (_options, name) => console.log(pidOf(defaultDir(), name) ?? ''),
};

const main = async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { only: { type: 'string' }, 'best-effort': { type: 'boolean', default: false }, help: { type: 'boolean' } },
  });
  const [command = 'start', ...rest] = positionals;
  if (values.help || !Object.hasOwn(commands, command)) {
    say(usage);
    return values.help ? 0 : 2;
  }
  await commands[command](values, ...rest);
  return 0;
};

try {
  process.exitCode = await main();
} catch (error) {
  say(error.message);
  process.exitCode = 1;
}

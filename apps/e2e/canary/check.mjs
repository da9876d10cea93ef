// Lint rules that let everything pass look just like code that is clean: these lines must be refused.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const canaries = [
  { file: 'apps/flag-admin/src/canary.ts', code: "import { openService } from '@pataka/evaluator';\nexport const canary = openService;\n", rule: '@nx/enforce-module-boundaries', says: 'an app imports another app' },
  { file: 'apps/flag-admin/src/canary.ts', code: "import { Kafka } from 'kafkajs';\nexport const canary = Kafka;\n", rule: '@nx/enforce-module-boundaries', says: 'an app imports a driver' },
  { file: 'libs/contracts/src/canary.ts', code: "import { evaluate } from '@pataka/evaluation';\nexport const canary = evaluate;\n", rule: '@nx/enforce-module-boundaries', says: 'contracts import a library above them' },
  { file: 'apps/flag-admin/src/canary.decider.ts', code: 'export const canary = Date.now();\n', rule: 'no-restricted-properties', says: 'a decider reads the clock' },
  { file: 'libs/statistics/src/canary.ts', code: "import { readFileSync } from 'node:fs';\nexport const canary = readFileSync;\n", rule: 'no-restricted-imports', says: 'a pure library reads files' },
];

const refusedBy = ({ file, code }) => {
  const run = spawnSync('npx', ['eslint', '--stdin', '--stdin-filename', file, '--format', 'json'], { cwd: root, input: code, encoding: 'utf8' });
  return JSON.parse(run.stdout.slice(run.stdout.indexOf('[{')))[0].messages.filter(({ severity }) => severity === 2).map(({ ruleId }) => ruleId);
};

const passed = canaries.filter((canary) => !refusedBy(canary).includes(canary.rule));
for (const { says, rule } of passed) console.error(`the canary lives: ${rule} does not see that ${says}`);
process.exitCode = passed.length === 0 ? 0 : 1;

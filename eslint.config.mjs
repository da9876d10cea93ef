import js from '@eslint/js';
import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

const drivers = ['typeorm', 'pg', 'kafkajs', 'ioredis', '@influxdata/influxdb-client'];
const pureFiles = [
  '**/*.decider.ts', '**/*.projection.ts', '**/*.process.ts',
  'libs/evaluation/src/**/*.ts', 'libs/statistics/src/**/*.ts',
];
const tests = ['**/*.spec.ts', '**/*.spec.tsx', '**/*.contract.ts', '**/*.bench.ts', 'apps/e2e/**/*.ts'];

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/generated/**', '.nx/**', 'data/**'] },
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': ['error', {
        allow: [],
        depConstraints: [
          { sourceTag: 'type:contracts', onlyDependOnLibsWithTags: [] },
          { sourceTag: 'type:pure', onlyDependOnLibsWithTags: ['type:contracts'] },
          { sourceTag: 'type:infra', onlyDependOnLibsWithTags: ['type:contracts', 'type:infra'] },
          { sourceTag: 'type:app', onlyDependOnLibsWithTags: ['type:contracts', 'type:pure', 'type:infra'], bannedExternalImports: drivers },
          { sourceTag: 'type:standalone', onlyDependOnLibsWithTags: ['type:contracts', 'type:pure', 'type:infra', 'type:app'], bannedExternalImports: drivers },
          { sourceTag: 'type:cli', onlyDependOnLibsWithTags: ['type:contracts', 'type:pure', 'type:infra', 'type:app'], bannedExternalImports: drivers },
          { sourceTag: 'type:sdk', onlyDependOnLibsWithTags: ['type:contracts', 'type:pure', 'type:sdk'], bannedExternalImports: drivers },
          { sourceTag: 'type:ui', onlyDependOnLibsWithTags: ['type:contracts', 'type:pure'], bannedExternalImports: drivers },
          { sourceTag: 'type:e2e', onlyDependOnLibsWithTags: ['type:contracts', 'type:pure', 'type:infra', 'type:sdk', 'type:app', 'type:standalone'] },
        ],
      }],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true }],
      // A switch over a union is one decision, however many members the union has.
      complexity: ['error', { max: 10, variant: 'modified' }],
      'max-depth': ['error', 3],
      'max-params': ['error', 5],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: pureFiles,
    ignores: tests,
    rules: {
      'no-restricted-imports': ['error', { patterns: ['node:*', '@nestjs/*', ...drivers] }],
      'no-restricted-globals': ['error', 'process', 'setTimeout', 'setInterval', 'Buffer'],
      'no-restricted-properties': ['error',
        { object: 'Date', property: 'now', message: 'Time comes in with the command.' },
        { object: 'Math', property: 'random', message: 'Randomness comes in with the command.' }],
      'no-restricted-syntax': ['error', { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Time comes in with the command.' }],
    },
  },
  {
    // In markup every part that is shown or not counts as a branch.
    files: ['apps/admin-ui/src/**/*.tsx'],
    rules: { complexity: ['error', { max: 16, variant: 'modified' }], 'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }] },
  },
  {
    files: tests,
    rules: { 'max-lines': 'off', 'max-lines-per-function': 'off' },
  },
);

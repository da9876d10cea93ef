import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { moduleOf, type TypedFlag } from './generate';

const root = resolve(__dirname, '../../../..');
const flags: TypedFlag[] = [
  { key: 'routing_algorithm', type: 'STRING', status: 'ACTIVE', description: 'Which way? */ const evil = 1; /* ' },
  { key: 'driver_scoring_v2', type: 'BOOLEAN', status: 'INACTIVE', description: 'New\nscoring' },
  { key: '2-fast.4_you', type: 'NUMBER', status: 'ACTIVE' },
  { key: 'fuel_prediction_ml', type: 'JSON', status: 'ACTIVE' },
  { key: 'old', type: 'BOOLEAN', status: 'ARCHIVED' },
];

const use = `
import type { KeyOf } from '@pataka/node';
import { Pataka } from '@pataka/node';
import type { Flags } from './flags';
const pataka = Pataka.forTesting<Flags>({});
export const all = [pataka.boolean('driver_scoring_v2', false), pataka.string('routing_algorithm', 'basic'), pataka.number('2-fast.4_you', 1), pataka.json('fuel_prediction_ml', { enabled: false }), pataka.details('routing_algorithm', 'x').value];
export const key: KeyOf<Flags, boolean> = 'driver_scoring_v2';
// @ts-expect-error another type
pataka.boolean('routing_algorithm', false);
// @ts-expect-error archived, so not there
pataka.boolean('old', false);
// @ts-expect-error misspelt
pataka.value('driver_scoring', false);
`;

describe('the module of flags', () => {
  it('is the same whatever the order', () => {
    expect(moduleOf([...flags].reverse())).toBe(moduleOf(flags));
    expect(moduleOf(flags).match(/readonly "[^"]+": .*;/g)).toEqual([
      'readonly "2-fast.4_you": number;', 'readonly "driver_scoring_v2": boolean;', 'readonly "fuel_prediction_ml": Record<string, unknown>;', 'readonly "routing_algorithm": string;',
    ]);
  });

  it('compiles, and makes a wrong key or type an error', () => {
    const directory = mkdtempSync(join(tmpdir(), 'pataka-generate-'));
    try {
      writeFileSync(join(directory, 'flags.ts'), moduleOf(flags));
      writeFileSync(join(directory, 'use.ts'), use);
      const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile) as { config: { compilerOptions: object } };
      const { options } = ts.convertCompilerOptionsFromJson({ ...config.compilerOptions, incremental: false, tsBuildInfoFile: undefined, types: ['node'], typeRoots: ['node_modules/@types'] }, root);
      const program = ts.createProgram([join(directory, 'use.ts')], { ...options, baseUrl: root });
      const faults = [join(directory, 'use.ts'), join(directory, 'flags.ts')].flatMap((name) => program.getSemanticDiagnostics(program.getSourceFile(name)));
      expect(faults.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

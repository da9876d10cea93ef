import type { Flag, FlagType } from '@pataka/contracts';

export const languages = ['node', 'web', 'curl', 'python', 'go'] as const;
export type Language = (typeof languages)[number];

const nodeMethod: Readonly<Record<FlagType, string>> = { BOOLEAN: 'boolean', STRING: 'string', NUMBER: 'number', JSON: 'json' };
const openFeature: Readonly<Record<FlagType, string>> = { BOOLEAN: 'Boolean', STRING: 'String', NUMBER: 'Number', JSON: 'Object' };
const python: Readonly<Record<FlagType, string>> = { BOOLEAN: 'boolean', STRING: 'string', NUMBER: 'float', JSON: 'object' };
const go: Readonly<Record<FlagType, string>> = { BOOLEAN: 'Boolean', STRING: 'String', NUMBER: 'Float', JSON: 'Object' };

const pythonValue = (value: unknown): string => (value === true ? 'True' : value === false ? 'False' : JSON.stringify(value));
const goValue = (value: unknown): string => (typeof value === 'object' ? 'map[string]any{}' : JSON.stringify(value));

const writers: Readonly<Record<Language, (flag: Flag, url: string) => string>> = {
  node: ({ key, type, defaultValue }, url) => `import { Pataka } from '@pataka/node';

const pataka = await Pataka.connect({ url: '${url}', key: process.env.PATAKA_SERVER_KEY });
const value = pataka.${nodeMethod[type]}('${key}', ${JSON.stringify(defaultValue)}, { targetingKey: driverId, region: 'pune' });`,
  web: ({ key, type, defaultValue }, url) => `import { OpenFeature } from '@openfeature/web-sdk';
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';

await OpenFeature.setContext({ targetingKey: driverId, region: 'pune' });
await OpenFeature.setProviderAndWait(new OFREPWebProvider({ baseUrl: '${url}', headers: [['Authorization', 'Bearer ' + clientKey]] }));
const value = OpenFeature.getClient().get${openFeature[type]}Value('${key}', ${JSON.stringify(defaultValue)});`,
  curl: ({ key }, url) => `curl -H "Authorization: Bearer $PATAKA_SERVER_KEY" -H 'Content-Type: application/json' \\
  ${url}/ofrep/v1/evaluate/flags/${key} \\
  -d '{"context":{"targetingKey":"driver-7","region":"pune"}}'`,
  python: ({ key, type, defaultValue }) => `from openfeature import api
from openfeature.evaluation_context import EvaluationContext

value = api.get_client().get_${python[type]}_value("${key}", ${pythonValue(defaultValue)}, EvaluationContext("driver-7", {"region": "pune"}))`,
  go: ({ key, type, defaultValue }) => `value, err := client.${go[type]}Value(ctx, "${key}", ${goValue(defaultValue)},
	openfeature.NewEvaluationContext("driver-7", map[string]any{"region": "pune"}))`,
};

/** How to ask for a flag, in the languages of services and apps. */
export const snippetOf = (flag: Flag, language: Language, url: string): string => writers[language](flag, url);

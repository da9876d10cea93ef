import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
// Through the index, so that every shape has registered its decorators.
import { asyncapiDocument, type JsonObject, jsonSchemas, openapiDocument, serviceNames } from './index';

const directory = join(__dirname, '..', 'generated');

/** Every generated document by file name. */
export const generatedDocuments = (): Record<string, JsonObject> => ({
  'schemas.json': jsonSchemas(),
  'asyncapi.json': asyncapiDocument(),
  ...Object.fromEntries(serviceNames.map((service) => [`openapi.${service}.json`, openapiDocument(service)])),
});

/** A document as it is kept: other people's programs are generated from these, so a change must show in a diff. */
export const textOf = (document: JsonObject): string => `${JSON.stringify(document, null, 1)}\n`;

/** The kept text of a document. */
export const keptText = (file: string): string => readFileSync(join(directory, file), 'utf8');

if (require.main === module) {
  mkdirSync(directory, { recursive: true });
  for (const [file, document] of Object.entries(generatedDocuments())) writeFileSync(join(directory, file), textOf(document));
}

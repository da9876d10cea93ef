import 'reflect-metadata';
import Ajv, { type ErrorObject, type ValidateFunction } from 'ajv';
// @ts-expect-error the package ships no types for its storage, which class-validator-jsonschema needs to follow @Type
import { defaultMetadataStorage } from 'class-transformer/cjs/storage';
import { validationMetadatasToSchemas } from 'class-validator-jsonschema';
import { INSTANT_PATTERN } from './exposure';
import { FLAG_VALUE_SCHEMA } from './flag-value';
import type { JsonObject } from './json';
import { DomainError, type Fault, type FaultCode } from './problems';

/** A class with class-validator decorators: the one source of a shape. */
export type Shape<T> = new () => T;

const MAX_FAULTS = 50;
const REF = '#/components/schemas/';

type Schema = JsonObject & { type?: string; properties?: Record<string, Schema>; additionalProperties?: boolean | Schema; $ref?: string };

// A member that the classes mark optional is left out or given: null is a value of its own, so it is not added to the types.
const closed = (schema: Schema): Schema =>
  schema.type === 'object' && schema.additionalProperties === undefined ? { ...schema, additionalProperties: false } : schema;

// An instant always has a zone here; the converter's own oneOf of date and date-time would refuse every instant, since formats are not judged.
const converters = { isFlagValue: () => FLAG_VALUE_SCHEMA as never, isIso8601: () => ({ type: 'string' as const, pattern: INSTANT_PATTERN.source }) };

let cache: Record<string, Schema> | undefined;

/** Every shape as JSON Schema, by class name, members unknown to it refused; `$ref`s point to `#/components/schemas/…`. */
export const jsonSchemas = (): Record<string, Schema> => {
  if (cache === undefined) {
    const made = validationMetadatasToSchemas({ classTransformerMetadataStorage: defaultMetadataStorage, refPointerPrefix: REF, additionalConverters: converters }) as Record<string, Schema>;
    cache = Object.fromEntries(Object.entries(made).map(([name, schema]) => [name, closed(schema)]));
  }
  return cache;
};

const validators = new Map<Shape<unknown>, ValidateFunction>();

const compile = (shape: Shape<unknown>, all: boolean): ValidateFunction => {
  const ajv = new Ajv({ allErrors: all, strict: false, validateFormats: false, messages: true });
  return ajv.compile({ $ref: `${REF}${shape.name}`, components: { schemas: jsonSchemas() } });
};

const validatorOf = (shape: Shape<unknown>): ValidateFunction => {
  let validate = validators.get(shape);
  if (validate === undefined) validators.set(shape, (validate = compile(shape, true)));
  return validate;
};

const detailOf = (error: ErrorObject): string => {
  if (error.keyword === 'additionalProperties') return `"${String(error.params['additionalProperty'])}" is not a known member`;
  if (error.keyword === 'enum') return `must be one of ${(error.params['allowedValues'] as unknown[]).join(', ')}`;
  if (error.keyword === 'required') return `"${String(error.params['missingProperty'])}" is missing`;
  return error.message ?? 'is not valid';
};

const limits: Readonly<Record<string, FaultCode>> = {
  minLength: 'too-short', maxLength: 'too-long', minimum: 'too-small', exclusiveMinimum: 'too-small', maximum: 'too-large', exclusiveMaximum: 'too-large',
  minItems: 'too-few', maxItems: 'too-many', minProperties: 'too-few', maxProperties: 'too-many',
};

/** The same as `detailOf`, for programs. */
const codeOf = ({ keyword, params }: ErrorObject): Required<Pick<Fault, 'code' | 'params'>> => {
  switch (keyword) {
    case 'additionalProperties': return { code: 'unknown-member', params: { name: String(params['additionalProperty']) } };
    case 'enum': return { code: 'one-of', params: { allowed: (params['allowedValues'] as unknown[]).join(', ') } };
    case 'required': return { code: 'missing', params: { name: String(params['missingProperty']) } };
    case 'type': return { code: 'type', params: { type: String(params['type']) } };
    case 'pattern': return { code: 'pattern', params: {} };
    default: return limits[keyword] === undefined ? { code: 'invalid', params: {} } : { code: limits[keyword], params: { limit: Number(params['limit']) } };
  }
};

const pointerOf = (error: ErrorObject): string => {
  if (error.keyword === 'additionalProperties') return `${error.instancePath}/${String(error.params['additionalProperty'])}`;
  if (error.keyword === 'required') return `${error.instancePath}/${String(error.params['missingProperty'])}`;
  return error.instancePath;
};

/** Every fault of a value against a shape, at most 50; empty when it fits. Compiled once per shape: a few microseconds a call. */
export const faultsOf = <T>(shape: Shape<T>, value: unknown): Fault[] => {
  const validate = validatorOf(shape);
  if (validate(value)) return [];
  return (validate.errors ?? []).slice(0, MAX_FAULTS).map((error) => ({ pointer: pointerOf(error), detail: detailOf(error), ...codeOf(error) }));
};

/**
 * The value, unchanged, once it fits the shape.
 * @throws DomainError `validation` that names every fault with its JSON pointer.
 */
export const parse = <T>(shape: Shape<T>, value: unknown): T => {
  const faults = faultsOf(shape, value);
  if (faults.length > 0) throw new DomainError('validation', `${faults.length} fault${faults.length === 1 ? '' : 's'} in the request`, faults);
  return value as T;
};

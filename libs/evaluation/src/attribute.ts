import type { Context, Reader } from './context';

type Attributes = Context['attributes'];

const settle = (value: unknown): unknown => (value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : value);

const orCustom = (context: Context, given: unknown, name: string): unknown => {
  const value = given === undefined && context.custom !== undefined ? context.custom[name] : given;
  return typeof value === 'object' ? settle(value) : value;
};

/** An attribute with an ordinary name. */
export const readPlain = (context: Context, name: string): unknown => orCustom(context, context.attributes[name], name);

// The same function, again and again: engines remember per function as it is written where a property lies, and only while it reads
// few names. So each of the first names that rules refer to gets one of its own, which is a quarter of the time of three rules;
// generated code would come to the same, but not where a content security policy forbids it.
const makers: readonly ((name: string) => Reader)[] = [
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
  (name) => (context) => orCustom(context, context.attributes[name], name),
];
const ownReaders = new Map<string, Reader>();

const plainReader = (name: string): Reader => {
  const known = ownReaders.get(name);
  if (known !== undefined) return known;
  const make = makers[ownReaders.size];
  if (make === undefined) return (context) => readPlain(context, name);
  const reader = make(name);
  ownReaders.set(name, reader);
  return reader;
};

const own = (attributes: Attributes | undefined, name: string): unknown =>
  attributes !== undefined && Object.prototype.hasOwnProperty.call(attributes, name) ? attributes[name] : undefined;

const special: ReadonlyMap<string, (environment: string) => Reader> = new Map<string, (environment: string) => Reader>([
  ['targetingKey', () => (context) => context.targetingKey],
  ['user_id', () => (context) => (context.userId === undefined && context.custom !== undefined ? context.custom['user_id'] : context.userId)],
  ['environment', (environment: string) => () => environment],
  ['timestamp', () => (context, at) => readPlain(context, 'timestamp') ?? new Date(at).toISOString()],
  ['custom_attributes', () => (context) => (context.custom === undefined ? context.attributes['custom_attributes'] : undefined)],
]);

/** How an attribute is read whose name has a meaning of its own or lies on Object.prototype; undefined: {@link plainReader} does. */
const specialReader = (name: string, environment: string): Reader | undefined => {
  const reader = special.get(name);
  if (reader !== undefined) return reader(environment);
  return name in Object.prototype ? (context) => settle(own(context.attributes, name) ?? own(context.custom, name)) : undefined;
};

/** How an attribute of any name is read. */
export const readerOf = (name: string, environment: string): Reader => specialReader(name, environment) ?? plainReader(name);

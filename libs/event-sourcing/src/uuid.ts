import { v5, v7 } from 'uuid';

// A random UUID, fixed for ever: it makes our derived ids differ from anybody else's of the same text.
const NAMESPACE = '5b0a3c9e-7f64-4c6e-9d43-2f8f1c1f7a60';

/** A new UUIDv7: ids sort by the time they were made. */
export const uuidv7 = (): string => v7();

/** The same UUID for the same parts, so that what is sent twice can be told to be one thing. */
export const derivedUuid = (...parts: readonly (string | number)[]): string => v5(JSON.stringify(parts), NAMESPACE);

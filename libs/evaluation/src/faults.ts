import type { Fault, FaultCode } from '@pataka/contracts';

/** What is wrong with one value, or null. */
export type Check = (value: unknown) => string | null;

/** Whether a value is an object that is no list. */
export const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A list, or nothing of it: that it is no list is the shape's fault to tell. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The fault at a pointer, if there is one; with a code a program can tell what it is. */
export const faultOf = (pointer: string, detail: string | null, code?: FaultCode, params: Fault['params'] = {}): Fault[] =>
  (detail === null ? [] : [{ pointer, detail, ...(code === undefined ? {} : { code, params }) }]);

const RESERVED = new Set(['constructor', 'prototype', '__proto__']);

/** Names that reach a prototype in somebody's JavaScript, in whatever case, and so are nobody's key. */
export const reservedName: Check = (name) =>
  typeof name === 'string' && RESERVED.has(name.toLowerCase()) ? `"${name}" is a reserved name` : null;

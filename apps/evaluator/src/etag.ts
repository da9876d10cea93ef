import { createHash } from 'node:crypto';

/** A strong entity tag for a text. */
export const etagOf = (text: string): string => `"${createHash('sha256').update(text).digest('hex').slice(0, 32)}"`;

/** If-None-Match: a list, compared weakly; `*` matches anything. */
export const matches = (header: string | undefined, etag: string): boolean =>
  header !== undefined && (header.trim() === '*' || header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag));

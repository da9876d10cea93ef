import { RE2JS } from 're2js';

/** The longest pattern that is taken, in UTF-16 code units. */
export const MAX_REGEX_LENGTH = 512;
const KNOWN_PATTERNS = 256;

/**
 * Checks a pattern before it is written into a rule.
 *
 * @param pattern - a regular expression in RE2 syntax: no look-around, no back-references
 * @returns null for a good pattern, else the reason it is refused
 */
export const validateRegex = (pattern: string): string | null => {
  if (pattern.length > MAX_REGEX_LENGTH) return `longer than ${MAX_REGEX_LENGTH} characters`;
  try {
    RE2JS.compile(pattern);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : 'no regular expression of RE2';
  }
};

type Search = (text: string) => boolean;

// Compiling takes as long as a thousand evaluations, and a changed flag nearly always has the patterns that it had before.
const known = new Map<string, Search>();

/**
 * Compiles a pattern into a search that takes linear time in the text, whatever the pattern.
 *
 * @returns undefined for a pattern that {@link validateRegex} refuses
 */
export const compileRegex = (pattern: string): Search | undefined => {
  if (pattern.length > MAX_REGEX_LENGTH) return undefined;
  const compiled = known.get(pattern);
  if (compiled !== undefined) return compiled;
  try {
    const regex = RE2JS.compile(pattern);
    const search: Search = (text) => regex.test(text);
    if (known.size >= KNOWN_PATTERNS) known.clear();
    known.set(pattern, search);
    return search;
  } catch {
    return undefined; // refused when it is written; a document that comes another way matches nothing
  }
};

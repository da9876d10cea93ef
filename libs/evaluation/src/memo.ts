const MEMO_TEXT_LENGTH = 64;

/**
 * Remembers what a pure function of a text answered. Attributes repeat (versions, vehicle types, languages), and looking an
 * answer up is ten times cheaper than matching or parsing again. Bounded: when full it starts afresh, and long texts, which
 * hardly repeat, are never kept.
 */
export const memoise = <T extends NonNullable<unknown> | null>(limit: number, compute: (text: string) => T): ((text: string) => T) => {
  const known = new Map<string, T>();
  return (text) => {
    const answer = known.get(text);
    if (answer !== undefined) return answer;
    const computed = compute(text);
    if (text.length > MEMO_TEXT_LENGTH) return computed;
    if (known.size >= limit) known.clear();
    known.set(text, computed);
    return computed;
  };
};

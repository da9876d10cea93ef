const inOrder = (_name: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)))
    : value;

/** Whether two JSON values are the same, whatever the order of members. */
export const sameJson = (left: unknown, right: unknown): boolean => JSON.stringify(left, inOrder) === JSON.stringify(right, inOrder);

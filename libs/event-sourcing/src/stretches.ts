// Below what anybody notices; each turn costs some microseconds.
const STRETCH_MS = 4;

const waiting: (() => void)[] = [];

// One piece of work goes on per turn of the event loop, the one that has waited longest: with all at once, a turn would take as long as all of them.
const turn = (): void => {
  waiting.shift()!();
  if (waiting.length > 0) setImmediate(turn);
};

const nextTurn = (): Promise<void> => new Promise((resolve) => {
  if (waiting.push(resolve) === 1) setImmediate(turn);
});

/**
 * Does work for each item in order, and lets the thread do whatever else waits every few milliseconds: for loops over thousands of items in a thread
 * that answers requests as well. What such a loop works on may change between two items if others can reach it.
 */
export const inStretches = async <Item>(items: Iterable<Item>, work: (item: Item) => void): Promise<void> => {
  let startedAt = performance.now();
  for (const item of items) {
    if (performance.now() - startedAt > STRETCH_MS) {
      await nextTurn();
      startedAt = performance.now();
    }
    work(item);
  }
};

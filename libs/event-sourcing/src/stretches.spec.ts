import { inStretches } from './stretches';

const busy = (ms: number): void => {
  for (const end = performance.now() + ms; performance.now() < end; );
};

describe('work in stretches', () => {
  it('takes every item once and in order, also where several go on at once', async () => {
    const [items, taken] = [Array.from({ length: 60 }, (_, index) => index), [[], [], []] as number[][]];
    await Promise.all(taken.map((own) => inStretches(items, (item) => {
      busy(0.3);
      own.push(item);
    })));
    expect(taken).toEqual([items, items, items]);
  });

  it('keeps the thread for some milliseconds at a time, however much goes on at once', async () => {
    let [done, over] = [0, false];
    const doneByTurn: number[] = [];
    const look = (): void => {
      doneByTurn.push(done);
      done = 0;
      if (!over) setImmediate(look);
    };
    setImmediate(look);
    await Promise.all(Array.from({ length: 5 }, () => inStretches(Array.from({ length: 60 }), () => {
      busy(1);
      done += 1;
    })));
    over = true;
    // All five begin at once; from then on each turn has one stretch of at most five items.
    expect(Math.max(...doneByTurn.slice(1))).toBeLessThanOrEqual(5);
    expect(doneByTurn.length).toBeGreaterThan(50);
  });

  it('ends at the item whose work fails', async () => {
    const taken: number[] = [];
    await expect(inStretches([1, 2, 3], (item) => {
      if (item === 2) throw new Error('no');
      taken.push(item);
    })).rejects.toThrow('no');
    expect(taken).toEqual([1]);
  });
});

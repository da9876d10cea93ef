import fc from 'fast-check';
import { PositionTracker } from './position-tracker';

describe('PositionTracker', () => {
  it('stands at the end of the gap-free prefix, in whatever order positions come', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 40 })), (positions) => {
      const tracker = new PositionTracker();
      for (const position of positions) tracker.applied(position);
      const seen = new Set(positions);
      let expected = 0;
      while (seen.has(expected + 1)) expected += 1;
      expect(tracker.position).toBe(expected);
      expect(tracker.ahead).toEqual(positions.filter((position) => position > expected).sort((a, b) => a - b));
    }));
  });

  it('resumes from what was kept of it', () => {
    const tracker = new PositionTracker(4, [6, 7]);
    tracker.applied(5);
    expect(tracker.position).toBe(7);
    tracker.applied(3);
    expect(tracker.position).toBe(7);
  });
});

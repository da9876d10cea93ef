import fc from 'fast-check';
import { TopicIndex, type Indexed } from './topic-index';

const events = fc.array(fc.record({ step: fc.integer({ min: 0, max: 3 }), timeMs: fc.integer({ min: 0, max: 50 }), object: fc.constantFrom('a', 'b', null) }), { maxLength: 40 })
  .map((steps) => {
    let position = 0;
    return steps.map(({ step, timeMs, object }, offset): Indexed => ({ position: (position += step), timeMs, offset, object }));
  });

/** What a log without retries would have: the first copy of each position. */
const distinct = (all: readonly Indexed[]): Indexed[] => all.filter(({ position }, index) => position > 0 && all.findIndex((other) => other.position === position) === index);

const indexOf = (all: readonly Indexed[]): TopicIndex => {
  const index = new TopicIndex();
  for (const event of all) if (event.position > 0) index.add(event);
  return index;
};

describe('TopicIndex', () => {
  it('finds the newest change of an object up to any position', () => {
    fc.assert(fc.property(events, fc.integer({ min: 0, max: 60 }), fc.constantFrom('a', 'b'), (all, position, object) => {
      const index = indexOf(all);
      const mine = distinct(all).filter((event) => event.object === object && event.position <= position);
      const found = index.newestOf(object, position);
      expect(found === undefined ? undefined : index.at(found).offset).toBe(mine.at(-1)?.offset);
      expect(index.entriesOf(object, position).map((entry) => index.at(entry).offset)).toEqual(mine.map(({ offset }) => offset));
    }));
  });

  it('ends a past before the first event that was committed later, though clocks step back', () => {
    fc.assert(fc.property(events, fc.integer({ min: -1, max: 51 }), (all, timeMs) => {
      expect(indexOf(all).firstAfter(timeMs)).toBe(distinct(all).find((event) => event.timeMs > timeMs)?.position);
    }));
  });
});

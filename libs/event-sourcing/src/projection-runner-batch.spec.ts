import type { EventBatch, ReceivedEvent } from './event-batch';
import type { LogRecord } from './event-log';
import { batchOf, piecesOf, placeOf, sliceFrom } from './projection-runner-batch';

const record = (offset: number): LogRecord => ({ topic: 't', partition: 0, offset: String(offset), key: null, headers: {}, value: null, timestamp: 0 });
const batch = (nextOffset: number, ...offsets: number[]): EventBatch => {
  const records = offsets.map(record);
  const events = records.map((one): ReceivedEvent => ({ id: one.offset, type: 't', source: 's', subject: null, time: null, data: null, position: null, schemaVersion: 1, index: 0, record: one }));
  return { topic: 't', partition: 0, events, refused: [{ record: records[0]!, index: 0, reason: 'r' }], records, firstOffset: String(offsets[0]), nextOffset: String(nextOffset), highWatermark: '99' };
};
const offsetsOf = ({ records, events, refused, firstOffset, nextOffset }: EventBatch) =>
  ({ records: records.map(({ offset }) => offset), events: events.map(({ id }) => id), refused: refused.length, firstOffset, nextOffset });

describe('placeOf', () => {
  it.each([
    ['due from the beginning', batch(3, 0, 1, 2), null, undefined, 'due'],
    ['due at the checkpoint', batch(6, 4, 5), '4', undefined, 'due'],
    ['done before', batch(6, 4, 5), '6', undefined, 'done'],
    ['elsewhere when the checkpoint is further', batch(6, 4, 5), '8', undefined, 'elsewhere'],
    ['a gap when something may lie between', batch(6, 4, 5), '3', undefined, 'gap'],
    ['a gap when nothing was read before', batch(6, 4, 5), null, undefined, 'gap'],
    ['due once somebody has looked', batch(6, 4, 5), '3', '3', 'due'],
    ['due once somebody has looked from the beginning', batch(6, 4, 5), null, null, 'due'],
    ['a gap when somebody looked at another place', batch(6, 4, 5), '2', '3', 'gap'],
    ['compared as numbers', batch(11, 9, 10), '9', undefined, 'due'],
  ] as const)('finds a batch %s', (_, given, at, holeAt, kind) => expect(placeOf(given, at, holeAt).kind).toBe(kind));

  it('leaves out the records before the checkpoint', () => {
    const place = placeOf(batch(7, 3, 5, 6), '4', undefined);
    expect(place.kind === 'due' && offsetsOf(place.batch)).toEqual({ records: ['5', '6'], events: ['5', '6'], refused: 0, firstOffset: '5', nextOffset: '7' });
  });
});

it('leaves a batch as it is that begins later than asked', () => {
  const whole = batch(7, 3, 5);
  expect(sliceFrom(whole, 2n)).toBe(whole);
});

it('makes a batch of some events, without what was refused', () => {
  const whole = batch(7, 3, 5, 6);
  expect(offsetsOf(batchOf(whole, whole.events.slice(1)))).toEqual({ records: ['5', '6'], events: ['5', '6'], refused: 0, firstOffset: '5', nextOffset: '7' });
});

it('cuts a batch in pieces that follow each other to its end', () => {
  expect(piecesOf(batch(9, 3, 5, 6), 2).map(offsetsOf)).toEqual([
    { records: ['3', '5'], events: ['3', '5'], refused: 1, firstOffset: '3', nextOffset: '6' },
    { records: ['6'], events: ['6'], refused: 0, firstOffset: '6', nextOffset: '9' },
  ]);
});

import { BackOff } from './back-off';
import { unsettledIn } from './event-spool';
import { EventStreamParser, type StreamEvent } from './event-stream';

const parsed = async (...chunks: string[]): Promise<{ events: StreamEvent[]; retries: number[] }> => {
  const seen = { events: [] as StreamEvent[], retries: [] as number[] };
  const parser = new EventStreamParser({ event: (event) => void seen.events.push(event), retry: (ms) => void seen.retries.push(ms) });
  for (const chunk of chunks) await parser.push(chunk);
  return seen;
};

describe('a stream of events', () => {
  const text = ':\n\nretry: 1500\n\nid: 7\nevent: change\ndata: {"a":1,\ndata: "b":2}\n\ndata:plain\n\n';
  const expected = { events: [{ type: 'change', data: '{"a":1,\n"b":2}', id: '7' }, { type: 'message', data: 'plain', id: '7' }], retries: [1500] };

  it.each(['\n', '\r\n', '\r'])('is read whatever ends its lines: %j', async (end) => {
    const { events, retries } = await parsed(text.replaceAll('\n', end), 'x');
    expect({ events, retries }).toEqual(expected);
  });

  it('is read wherever it is cut', async () => {
    const whole = text.replaceAll('\n', '\r\n');
    for (let place = 1; place < whole.length; place += 1) expect(await parsed(whole.slice(0, place), whole.slice(place))).toEqual(expected);
  });

  it('passes over fields that it does not know, and events without data', async () => {
    expect(await parsed('event: empty\n\nretry: soon\nfoo: bar\nbaz\n\n')).toEqual({ events: [], retries: [] });
  });
});

describe('a back-off', () => {
  it('grows to its limit, and stays above its floor', () => {
    const most = new BackOff({ leastMs: 100, firstMs: 1_000, mostMs: 8_000 }, () => 1);
    expect(Array.from({ length: 6 }, () => most.next())).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
    const least = new BackOff({ leastMs: 100, firstMs: 1_000, mostMs: 8_000 }, () => 0);
    expect(Array.from({ length: 100 }, () => least.next()).every((wait) => wait === 100)).toBe(true);
  });

  it('waits at least as long as the server asks', () => {
    const backOff = new BackOff({ leastMs: 100, firstMs: 1_000, mostMs: 8_000 });
    for (let index = 0; index < 20; index += 1) expect(backOff.next(30_000)).toBeGreaterThanOrEqual(30_000);
  });
});

describe('what a spool still holds', () => {
  const line = (id: string): string => `{"id":"${id}","type":"conversion"}\n`;

  it('is what was not settled, each event once, in order', () => {
    const text = `${line('a')}${line('b')}${line('b')}{"settled":1}\n${line('c')}`;
    expect(unsettledIn(text).map(({ id }) => id)).toEqual(['b', 'c']);
  });

  it('is nothing of a line that a crash cut off', () => {
    expect(unsettledIn(`${line('a')}{"id":"b","ty`).map(({ id }) => id)).toEqual(['a']);
    expect(unsettledIn('')).toEqual([]);
  });
});

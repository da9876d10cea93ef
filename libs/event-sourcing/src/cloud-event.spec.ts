import { Buffer } from 'node:buffer';
import { cloudEventJson, contentTypes, encodeEvent, encodeEventBatch, MAX_BATCH_BYTES } from './cloud-event';
import { decodeBatch, MAX_EVENT_BYTES } from './cloud-event-decode';
import type { LogRecord, NewRecord } from './event-log';

const id = '0198c2a0-0000-7000-8000-000000000001';
const time = '2026-11-22T10:00:00.000Z';
const source = '/pataka/evaluator';

const asStored = (record: Partial<NewRecord>, offset = 0): LogRecord => ({
  topic: 'test.events.v1', partition: 0, offset: String(offset), timestamp: 0, key: record.key ?? null, headers: record.headers ?? {},
  value: typeof record.value === 'string' ? Buffer.from(record.value) : record.value ?? null,
});

const decode = (...records: Partial<NewRecord>[]) =>
  decodeBatch({ topic: 'test.events.v1', partition: 0, records: records.map(asStored), nextOffset: String(records.length), highWatermark: '9' });

const binary = encodeEvent({
  id, type: 'pataka.flag.created.v2', source: '/pataka/flag-admin', subject: 'driver_scoring', time, data: { a: [1, 'é😀'] }, topic: 'test.events.v1',
  key: 'driver_scoring', position: 7, correlationId: 'c', causationId: 'b', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
});
const without = (...names: string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(binary.headers).filter(([name]) => !names.includes(name)));
const exposure = (index: number, data: object | string = { index }): string =>
  cloudEventJson({ id: `${id}-${index}`, type: 'pataka.exposure.v1', source, time, subject: 'u', data });
const structured = { headers: { 'content-type': `${contentTypes.structured}; charset=UTF-8` } };
const batch = { headers: { 'content-type': contentTypes.batch } };

describe('a CloudEvent on the log', () => {
  it('comes back from binary mode as it was', () => {
    const { events, refused, firstOffset, nextOffset } = decode(binary);
    expect(refused).toEqual([]);
    expect(events).toEqual([{
      id, type: 'pataka.flag.created.v2', source: '/pataka/flag-admin', subject: 'driver_scoring', time, data: { a: [1, 'é😀'] },
      position: 7, schemaVersion: 2, index: 0, record: asStored(binary),
    }]);
    expect([firstOffset, nextOffset]).toEqual(['0', '1']);
    expect(binary.headers).toMatchObject({ ce_correlationid: 'c', ce_causationid: 'b', 'content-type': 'application/json' });
    expect(binary.headers.traceparent).toMatch(/^00-/);
  });

  it('is taken in structured mode, whatever the case of its content type', () => {
    const { events } = decode({ ...structured, value: exposure(1) }, { headers: { 'Content-Type': 'Application/CloudEvents+JSON' }, value: exposure(2) });
    expect(events.map((event) => [event.id, event.type, event.schemaVersion, event.position])).toEqual([
      [`${id}-1`, 'pataka.exposure.v1', 1, null], [`${id}-2`, 'pataka.exposure.v1', 1, null]]);
  });

  it('is taken from a batch, each with its place', () => {
    const [record] = encodeEventBatch({ topic: 't', partition: 3, events: [exposure(0), exposure(1), exposure(2, '{"text":"ok"}')] });
    expect(record).toMatchObject({ topic: 't', partition: 3, key: null, headers: batch.headers });
    const { events, refused } = decode(record!);
    expect(refused).toEqual([]);
    expect(events.map(({ index, data }) => [index, data])).toEqual([[0, { index: 0 }], [1, { index: 1 }], [2, { text: 'ok' }]]);
  });

  it('of version 1 when its type names none', () => {
    expect(decode({ ...binary, headers: { ...binary.headers, ce_type: 'com.example.thing' } }).events[0]?.schemaVersion).toBe(1);
  });
});

describe('a batch', () => {
  it('is split at 512 KB, in order, with nothing lost', () => {
    const events = Array.from({ length: 3_000 }, (_, i) => exposure(i, { text: 'é'.repeat(200) }));
    const records = encodeEventBatch({ topic: 't', partition: 0, events });
    expect(records.length).toBeGreaterThan(2);
    for (const { value } of records) expect(Buffer.byteLength(value ?? '')).toBeLessThanOrEqual(MAX_BATCH_BYTES);
    expect(decode(...records).events.map((event) => event.id)).toEqual(events.map((_, i) => `${id}-${i}`));
  });

  it('of one event may be larger', () => {
    expect(encodeEventBatch({ topic: 't', partition: 0, events: [exposure(0), exposure(1, { text: 'x'.repeat(600_000) }), exposure(2)] })).toHaveLength(3);
    expect(encodeEventBatch({ topic: 't', partition: 0, events: [] })).toEqual([]);
  });

  it('gives up only the events that are malformed', () => {
    const { events, refused } = decode({ ...batch, value: `[${exposure(0)},{"specversion":"1.0"},7,${exposure(3)},null]` }, { ...batch, value: '[]' });
    expect(events.map(({ index }) => index)).toEqual([0, 3]);
    expect(refused.map(({ index, reason }) => [index, reason])).toEqual([
      [1, 'the attribute type is missing'], [2, 'the event is not a JSON object'], [4, 'the event is not a JSON object']]);
  });
});

describe('a malformed record is refused with its reason:', () => {
  const cases: [string, Partial<NewRecord>, RegExp][] = [
    ['without an id', { ...binary, headers: without('ce_id') }, /attribute id is missing/],
    ['without a source', { ...binary, headers: without('ce_source') }, /attribute source is missing/],
    ['without a type', { ...binary, headers: without('ce_type') }, /attribute type is missing/],
    ['without a specversion', { ...binary, headers: without('ce_specversion') }, /attribute specversion is missing/],
    ['of another specversion', { ...binary, headers: { ...binary.headers, ce_specversion: '0.3' } }, /specversion is not 1.0/],
    ['with a time that is none', { ...binary, headers: { ...binary.headers, ce_time: 'yesterday' } }, /time is not an instant/],
    ['with a time that does not exist', { ...binary, headers: { ...binary.headers, ce_time: '2026-13-01T00:00:00Z' } }, /time is not an instant/],
    ['with a position that is none', { ...binary, headers: { ...binary.headers, ce_position: '-1' } }, /position is not a whole number/],
    ['a tombstone', { ...binary, value: null }, /tombstone/],
    ['bad JSON', { ...binary, value: '{"a":' }, /not JSON/],
    ['an empty value', { ...binary, value: '' }, /not JSON/],
    ['no UTF-8', { ...binary, value: Buffer.from([0x22, 0xff, 0x22]) }, /not UTF-8/],
    ['too large', { ...binary, value: `"${'x'.repeat(MAX_EVENT_BYTES)}"` }, /at most 4194304/],
    ['another content type', { ...binary, headers: { ...binary.headers, 'content-type': 'text/plain' } }, /content type text\/plain/],
    ['Avro in structured mode', { ...binary, headers: { ...binary.headers, 'content-type': 'application/cloudevents+avro' } }, /content type/],
    ['another character set', { ...binary, headers: { ...binary.headers, 'content-type': 'application/json; charset=latin1' } }, /character set latin1/],
    ['a structured array', { ...structured, value: '[]' }, /not a JSON object/],
    ['structured binary data', { ...structured, value: exposure(0).replace('"data"', '"data_base64"') }, /binary data/],
    ['structured XML', { ...structured, value: exposure(0).replace('"id"', '"datacontenttype":"text/xml","id"') }, /data is not JSON/],
    ['an id that is a number', { ...structured, value: exposure(0).replace(/"id":"[^"]*"/, '"id":1') }, /attribute id is not a string/],
    ['a batch that is no array', { ...batch, value: exposure(0) }, /batch is not a JSON array/],
  ];
  it.each(cases)('%s', (_, record, reason) => {
    const { events, refused } = decode(binary, record, binary);
    expect(events).toHaveLength(2);
    // Not the record itself: comparing four megabytes takes the test library most of a minute.
    expect(refused.map((one) => [one.record.offset, one.index, one.reason])).toEqual([['1', 0, expect.stringMatching(reason)]]);
  });
});

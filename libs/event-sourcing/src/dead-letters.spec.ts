import type { DeadLetter } from '@pataka/contracts';
import { contentTypes } from './cloud-event';
import { deadLetterRecord } from './dead-letters';
import type { LogRecord } from './event-log';
import { recordBytes } from './log-record';

const NOW = '2026-01-01T00:00:00.000Z';
const record = (value: string | Buffer | null, headers: Record<string, string> = {}): LogRecord =>
  ({ topic: 't', partition: 3, offset: '41', key: 'k', headers, value: typeof value === 'string' ? Buffer.from(value) : value, timestamp: 0 });
const letterOf = (of: LogRecord, index = 0, reason = 'no'): DeadLetter => JSON.parse(String(deadLetterRecord('reader', { record: of, index, reason }, NOW).value)) as DeadLetter;

describe('deadLetterRecord', () => {
  it('says what, where, by whom and why', () => {
    expect(letterOf(record('text', { a: 'b' }))).toEqual({
      id: expect.any(String), consumer: 'reader', reason: 'no', topic: 't', partition: 3, offset: '41', index: 0, key: 'k', headers: { a: 'b' }, value: 'text', encoding: 'utf8', failedAt: NOW,
    });
    expect(deadLetterRecord('reader', { record: record('text'), index: 0, reason: 'no' }, NOW)).toMatchObject({ topic: 'pataka.dead-letters.v1', key: 't', headers: { ce_type: 'pataka.dead-letter.v1', ce_subject: 't' } });
  });

  it('has one id for one failure, whatever the reason and the time', () => {
    const ids = [letterOf(record('a')).id, letterOf(record('b'), 0, 'other').id];
    expect(new Set(ids).size).toBe(1);
    expect(letterOf(record('a'), 1).id).not.toBe(ids[0]);
  });

  it('keeps bytes that are no text as base64, and nothing as an empty text', () => {
    expect(letterOf(record(Buffer.from([0xff, 0x00])))).toMatchObject({ value: '/wA=', encoding: 'base64' });
    expect(letterOf(record(null))).toMatchObject({ value: '', encoding: 'utf8' });
  });

  it('takes one event out of a batch, as a structured event', () => {
    const batch = record('[{"id":"1"},{"id":"2"}]', { 'content-type': `${contentTypes.batch}; charset=utf-8` });
    expect(letterOf(batch, 1)).toMatchObject({ index: 1, value: '{"id":"2"}', headers: { 'content-type': contentTypes.structured } });
    expect(letterOf(batch, 5).value).toBe('[{"id":"1"},{"id":"2"}]');
    expect(letterOf(record('[{"id"', { 'content-type': contentTypes.batch }), 0).value).toBe('[{"id"');
  });

  it('fits into a log however large the record was', () => {
    const letter = deadLetterRecord('reader', { record: record('"'.repeat(12_000_000)), index: 0, reason: 'large' }, NOW);
    expect(recordBytes(letter)).toBeLessThan(16 * 1024 * 1024);
    expect(JSON.parse(String(letter.value))).toMatchObject({ value: '', offset: '41', headers: { 'pataka-left-out': 'true' } });
    expect(recordBytes(deadLetterRecord('reader', { record: record('"\\'.repeat(1_900_000)), index: 0, reason: 'x' }, NOW))).toBeLessThan(16 * 1024 * 1024);
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openClock } from './clock';

describe('a clock', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pataka-clock-'));
  const file = join(directory, 'clock');
  afterAll(() => rmSync(directory, { recursive: true }));

  it('is the system’s unless a file is named', () => {
    const before = Date.now();
    const now = Date.parse(openClock(undefined)());
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });

  it('shows what the file holds, and stands still while that is no instant', () => {
    writeFileSync(file, '2026-07-01T10:00:00+05:30\n');
    const clock = openClock(file);
    expect(clock()).toBe('2026-07-01T04:30:00.000Z');
    writeFileSync(file, '2026-07-08T04:30:00Z');
    expect(clock()).toBe('2026-07-08T04:30:00.000Z');
    writeFileSync(file, '');
    expect(clock()).toBe('2026-07-08T04:30:00.000Z');
  });

  it('does not begin without an instant', () => {
    expect(() => openClock(join(directory, 'missing'))).toThrow('PATAKA_CLOCK_FILE');
  });
});

import type { ReceivedEvent } from '@pataka/event-sourcing';
import { archiveId, conversionRow, exposureRow, staysBefore } from './archive-row';

const event = (type: string, data: object, id = '01890a5d-ac96-774b-bcce-b302099a8057'): ReceivedEvent =>
  ({ id, type, source: 's', subject: null, time: null, data, position: null, schemaVersion: 1, index: 0, record: { topic: 't' } }) as unknown as ReceivedEvent;
const exposure = { targetingKey: 'u', experimentId: 'e', variant: 'a', occurredAt: '2026-01-02T03:04:05Z' };
const conversion = { targetingKey: 'u', metric: 'm', occurredAt: '2026-01-02T03:04:05.123456+05:30' };

describe('archive rows', () => {
  it('takes the unit from the targeting key where none is given', () => {
    expect(exposureRow(event('pataka.exposure.v1', exposure))).toMatchObject({ unit: 'u', phase: null, cells: 'u\tu\te\ta\t\\N\t\\N\t\\N' });
    expect(exposureRow(event('pataka.exposure.v1', { ...exposure, unit: 'fleet' }))).toMatchObject({ unit: 'fleet', targetKey: 'u' });
  });

  it('attributes a conversion by the unit it names, else by its targeting key', () => {
    expect(conversionRow(event('pataka.conversion.v1', conversion))).toMatchObject({ key: 'u', value: 1_000_000n });
    expect(conversionRow(event('pataka.conversion.v1', { ...conversion, unit: 'fleet', value: -0.1 }))).toMatchObject({ key: 'fleet', value: -100_000n });
  });

  it('leaves receivedAt out of the hash that decides between copies', () => {
    const [a, b, c] = [exposure, { ...exposure, receivedAt: '2026-01-02T03:05:05Z' }, { ...exposure, variant: 'b' }]
      .map((data) => exposureRow(event('pataka.exposure.v1', data)) as { hash: string; at: number });
    expect(a!.hash).toBe(b!.hash);
    expect(staysBefore(a!, c!)).not.toBe(staysBefore(c!, a!));
  });

  it('hashes events alike only if they are archived alike', () => {
    const texts = ['a', 'b\tc', 'b', '\\N', 'c\td', '\n'];
    const pairs = texts.flatMap((variant) => texts.map((environment) => ({ ...exposure, variant, environment })));
    const hashes = [...pairs, exposure].map((data) => (exposureRow(event('pataka.exposure.v1', data)) as { hash: string }).hash);
    expect(new Set(hashes).size).toBe(pairs.length + 1);
  });

  it.each([
    [{ ...exposure, attributes: { note: '\ud800' } }, '/attributes'],
    [{ ...exposure, attributes: { 'no\u0000te': 1 } }, '/attributes'],
    [{ ...exposure, occurredAt: '2026-02-30T00:00:00Z' }, '/occurredAt'],
    [{ ...exposure, targetingKey: 'a\u0000b' }, '/targetingKey'],
    [{ ...exposure, variant: '\ud800' }, '/variant'],
    [{ ...exposure, attributes: JSON.parse(`${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`) as object }, '/attributes'],
    [{ ...exposure, colour: 'red' }, '/colour'],
    [{ ...exposure, phase: 2 ** 40 }, '/phase'],
    [null, ''],
  ])('says why it refuses what it cannot take', (data, pointer) => {
    const found = exposureRow(event('pataka.exposure.v1', data as object));
    expect(typeof found).toBe('string');
    expect((found as string).slice(0, 200)).toContain(pointer);
  });

  it('refuses events of another type', () => {
    expect(exposureRow(event('pataka.conversion.v1', exposure))).toContain('type');
  });

  it('makes a UUID of any id', () => {
    expect(archiveId('01890A5D-AC96-774B-BCCE-B302099A8057')).toBe('01890a5d-ac96-774b-bcce-b302099a8057');
    expect(archiveId('x')).toBe('9dd4e461-268c-8034-f5c8-564e155c67a6');
  });
});

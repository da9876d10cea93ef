import { randomUUID } from 'node:crypto';
import type { SnapshotCache } from './snapshot-cache';

/** What every snapshot cache that keeps anything keeps to. */
export const snapshotCacheContract = (title: string, open: () => SnapshotCache | Promise<SnapshotCache>): void => {
  describe(`the snapshot cache contract: ${title}`, () => {
    let cache: SnapshotCache;
    let name: string;
    beforeAll(async () => void (cache = await open()));
    afterAll(() => cache.close());
    beforeEach(() => void (name = `contract ${randomUUID()}`));

    it('knows nothing of a name that was never put', async () => {
      expect(await cache.get(name)).toBeNull();
      expect(cache.healthy()).toBe(true);
    });
    it('gives back what was put, name by name', async () => {
      expect(await cache.put(name, { position: 7, body: '{"a":"मुंबई \\u0000 😀"}' })).toBe(true);
      expect(await cache.put(`${name}2`, { position: 1, body: '' })).toBe(true);
      expect(await cache.get(name)).toEqual({ position: 7, body: '{"a":"मुंबई \\u0000 😀"}' });
      expect(await cache.get(`${name}2`)).toEqual({ position: 1, body: '' });
    });
    it('lets only a higher position overwrite', async () => {
      const put = (position: number): Promise<boolean> => cache.put(name, { position, body: String(position) });
      expect([await put(9), await put(9), await put(8), await put(10), await put(9)]).toEqual([true, false, false, true, false]);
      expect(await cache.get(name)).toEqual({ position: 10, body: '10' });
    });
    it('keeps the highest of many at once', async () => {
      const positions = Array.from({ length: 50 }, (_, index) => ((index * 37) % 50) + 1);
      await Promise.all(positions.map((position) => cache.put(name, { position, body: `at ${position}` })));
      expect(await cache.get(name)).toEqual({ position: 50, body: 'at 50' });
    });
    it('tells neighbours apart up to the largest position', async () => {
      const top = Number.MAX_SAFE_INTEGER;
      expect(await cache.put(name, { position: top - 1, body: 'a' })).toBe(true);
      expect(await cache.put(name, { position: top, body: 'b' })).toBe(true);
      expect(await cache.get(name)).toEqual({ position: top, body: 'b' });
    });
    it('holds megabytes', async () => {
      const body = JSON.stringify('ट'.repeat(1_000_000));
      expect(await cache.put(name, { position: 1, body })).toBe(true);
      expect((await cache.get(name))?.body === body).toBe(true);
    });
  });
};

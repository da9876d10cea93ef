import type { KeyListChunk } from '@pataka/contracts';
import fc from 'fast-check';
import { KeyListUploads } from './key-list-uploads';

const textOf = (keys: Iterable<string>): string => [...keys].sort().map((key) => `${key}\n`).join('');
const chunkOf = (index: number, added: string[], removed: string[] = []): KeyListChunk =>
  ({ kind: 'segment-list', change: 'chunk-added', actor: 'test', key: 's', list: 'included', upload: 'u', index, added: textOf(added), removed: textOf(removed) });
const folded = async (uploads: KeyListUploads, base: string[], upload = 'u'): Promise<string> => Buffer.from(await uploads.fold(Buffer.from(textOf(base)), upload)).toString();

const keys = fc.uniqueArray(fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), minLength: 1, maxLength: 4 }), { maxLength: 40 });

describe('an upload on its way', () => {
  it('gives the same list in whatever pieces, order and repetition its chunks come', () =>
    fc.assert(fc.asyncProperty(keys, keys, fc.integer({ min: 1, max: 7 }), fc.infiniteStream(fc.nat()), async (base, target, size, dice) => {
      const changes = [...new Set([...base, ...target])].filter((key) => base.includes(key) !== target.includes(key)).sort();
      const chunks: KeyListChunk[] = [];
      for (let at = 0; at < changes.length; at += size) {
        const part = changes.slice(at, at + size);
        chunks.push(chunkOf(chunks.length, part.filter((key) => target.includes(key)), part.filter((key) => base.includes(key))));
      }
      const arriving = [...chunks, ...chunks.slice(0, 3)].map((chunk) => ({ chunk, place: dice.next().value })).sort((a, b) => a.place - b.place);
      const uploads = new KeyListUploads();
      for (const { chunk } of arriving) uploads.add(chunk);
      expect(await folded(uploads, base)).toBe(textOf(target));
    })));
  it('is forgotten once its segment has moved on, and others are not', async () => {
    const uploads = new KeyListUploads();
    uploads.add(chunkOf(0, ['a']));
    uploads.add({ ...chunkOf(0, ['b']), key: 't', upload: 'v' });
    uploads.forget('s');
    expect([await folded(uploads, ['z']), await folded(uploads, ['z'], 'v')]).toEqual(['z\n', 'b\nz\n']);
  });
  it('that broke off gives way when memory gets short', async () => {
    const uploads = new KeyListUploads();
    const large = 'x'.repeat(50_000_000);
    for (const upload of ['first', 'second', 'third']) uploads.add({ ...chunkOf(0, []), upload, added: `${large}\n` });
    expect((await folded(uploads, [], 'first')).length).toBe(0);
    expect((await folded(uploads, [], 'third')).length).toBe(large.length + 1);
  });
});

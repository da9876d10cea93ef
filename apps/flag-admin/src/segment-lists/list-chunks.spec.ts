import { finish, foldKeyListSteps, type KeyListText } from '@pataka/evaluation';
import { given } from '@pataka/event-sourcing';
import fc from 'fast-check';
import { KeyCollector } from './key-collector';
import { listChunkAggregate, type ListChunkEvent } from './list-chunk.decider';
import { chunksBetween, type ListChange } from './list-chunks';

const textOf = async (keys: Iterable<string>): Promise<KeyListText> => {
  const collector = new KeyCollector();
  for (const key of keys) collector.add(key);
  return collector.text();
};
const plain = (text: KeyListText): string => Buffer.from(text).toString();
const after = (base: KeyListText, { added, removed }: ListChange): KeyListText => finish(foldKeyListSteps(base, Buffer.from(added), Buffer.from(removed)));

describe('the chunks between two lists', () => {
  it('give the set that any sequence of uploads leads to, folded one by one or all together', async () => {
    const lists = fc.array(fc.uniqueArray(fc.string({ unit: fc.constantFrom('a', 'b', 'é', '\ue000', '😀'), minLength: 1, maxLength: 4 }), { maxLength: 40 }), { maxLength: 6 });
    await fc.assert(fc.asyncProperty(lists, async (uploads) => {
      let list: KeyListText = new Uint8Array();
      for (const upload of uploads) {
        const target = await textOf(upload);
        const chunks = [...chunksBetween(list, target)];
        const together = { added: chunks.map(({ added }) => added).join(''), removed: chunks.map(({ removed }) => removed).join('') };
        expect(plain(after(list, together))).toBe(plain(target));
        list = chunks.reduce(after, list);
        expect(plain(list)).toBe(plain(target));
      }
    }));
  });
  it('have ten thousand keys at most, those that come and those that go together', async () => {
    const [base, target] = [await textOf(Array.from({ length: 25_000 }, (_, index) => `u${index}`)), await textOf(Array.from({ length: 25_000 }, (_, index) => `v${index}`))];
    const chunks = [...chunksBetween(base, target)];
    expect(chunks.map(({ added, removed }) => (added + removed).split('\n').length - 1)).toEqual([10_000, 10_000, 10_000, 10_000, 10_000]);
    expect(plain(chunks.reduce(after, base))).toBe(plain(target));
  });
  it('fit a record on Kafka, however long the keys', async () => {
    const target = await textOf(Array.from({ length: 3_000 }, (_, index) => `"${'😀'.repeat(250)}${index}`));
    const chunks = [...chunksBetween(new Uint8Array(), target)];
    expect(Math.max(...chunks.map((chunk) => Buffer.byteLength(JSON.stringify(chunk))))).toBeLessThan(600_000);
    expect(plain(chunks.reduce(after, new Uint8Array()))).toBe(plain(target));
  });
  it('are the same each time, and none where nothing changes', async () => {
    const [base, target] = [await textOf(['a', 'b']), await textOf(['b', 'c'])];
    expect([...chunksBetween(base, target)]).toEqual([{ added: 'c\n', removed: 'a\n' }]);
    expect([...chunksBetween(target, target)]).toEqual([]);
  });
});

describe('a chunk', () => {
  const chunk = { key: 'pilots', list: 'included' as const, upload: 'u', index: 0, added: 'a\n', removed: '' };
  const event: ListChunkEvent = { type: 'segment-list.chunk-added', data: chunk };
  it('is added once, however often an upload is repeated', () => {
    given(listChunkAggregate).when({ type: 'add', chunk }).thenEmits(event);
    given(listChunkAggregate, event).when({ type: 'add', chunk }).thenEmits();
  });
  it('is published under its segment’s key', () => {
    const facts = { id: 'e', streamId: 's', version: 1, position: 1, schemaVersion: 1, at: '2026-07-01T00:00:00.000Z', meta: { actor: 'asha', reason: 'pilot', correlationId: 'c' } };
    expect(listChunkAggregate.publish({ ...event, ...facts }, 'there')).toEqual({
      topic: 'pataka.segment-changes.v1', key: 'pilots', type: 'segment-list.chunk-added', data: { kind: 'segment-list', change: 'chunk-added', actor: 'asha', reason: 'pilot', ...chunk },
    });
  });
});

import { canonicalJson, genesisHash, hashOf, type Hashed } from './hash-chain';

const event: Hashed = {
  position: 1, streamId: 'flag:a', version: 1, id: '019a0000-0000-7000-8000-000000000001', type: 'flag.created', schemaVersion: 1, at: '2026-01-01T00:00:00.000Z',
  meta: { actor: 'ana', correlationId: 'c' }, data: { b: 1, a: [true, null, 'é'] },
};

describe('canonicalJson', () => {
  it.each([
    [{ b: 1, a: { d: 2, c: 3 } }, '{"a":{"c":3,"d":2},"b":1}'],
    [{ a: undefined, b: [undefined, 1] }, '{"b":[null,1]}'],
    [[1e21, -0, 0.1, 1.0, 1e-7], '[1e+21,0,0.1,1,1e-7]'],
    [{ Z: 1, a: 2, é: 3, '😀': 4, '\uffee': 5 }, '{"Z":1,"a":2,"é":3,"😀":4,"\uffee":5}'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ['a"\\\n\u2028', JSON.stringify('a"\\\n\u2028')],
    [JSON.parse('{"__proto__": 1}'), '{"__proto__":1}'],
  ])('writes %j as %s', (value, expected) => expect(canonicalJson(value)).toBe(expected));

  it('gives one text for one value, whatever the order of its members', () => {
    expect(canonicalJson({ a: 1, b: { c: 2, d: 3 } })).toBe(canonicalJson({ b: { d: 3, c: 2 }, a: 1 }));
  });
});

describe('hashOf', () => {
  const hash = hashOf(genesisHash, event);

  it('stays what it is, so that chains of old releases still hold', () => {
    // Computed by Python: sha256(bytes(32) + json.dumps(event, sort_keys=True, separators=(',', ':'), ensure_ascii=False).encode())
    expect(hash).toBe('1371b0fd9d6e03bc3697a1ee32afdd3370fb27c7aae570e4a5c3ba9abe8d8788');
  });

  it.each<[string, Partial<Hashed>]>([
    ['position', { position: 2 }], ['stream', { streamId: 'flag:b' }], ['version', { version: 2 }], ['id', { id: '019a0000-0000-7000-8000-000000000002' }],
    ['type', { type: 'flag.updated' }], ['schema version', { schemaVersion: 2 }], ['instant', { at: '2026-01-01T00:00:00.001Z' }],
    ['author', { meta: { actor: 'eve', correlationId: 'c' } }], ['data', { data: { b: 1, a: [true, null, 'e'] } }],
  ])('covers the %s', (_, change) => expect(hashOf(genesisHash, { ...event, ...change })).not.toBe(hash));

  it('covers the hash before it', () => expect(hashOf(hash, event)).not.toBe(hash));
});

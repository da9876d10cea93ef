import { DomainError } from '@pataka/contracts';
import { KeyCollector } from './key-collector';
import { KeyReader, type KeyFormat } from './key-reader';
import { LineReader } from './line-reader';

/** The keys of a file that comes in pieces of so many bytes. */
const read = (file: string | Buffer, format: KeyFormat = 'csv', piece = 3): string[] => {
  const keys: string[] = [];
  const reader = new KeyReader(format, (key) => keys.push(key));
  const lines = new LineReader(reader);
  const bytes = Buffer.from(file);
  for (let at = 0; at < bytes.length; at += piece) lines.push(bytes.subarray(at, at + piece));
  lines.end();
  reader.end();
  return keys;
};
const faultsOf = (file: string | Buffer, format: KeyFormat = 'csv'): string[] => {
  try {
    read(file, format);
  } catch (error) {
    if (error instanceof DomainError && error.code === 'validation') return error.faults.map(({ detail }) => detail);
    throw error;
  }
  return [];
};

describe('a file of keys', () => {
  it.each<[string, string, string[]]>([
    ['has a key a line', 'u1\nu2\n', ['u1', 'u2']],
    ['need not end in a line feed', 'u1\nu2', ['u1', 'u2']],
    ['may come from Windows, and begin with a byte order mark', '\ufeffkey\r\nu1\r\nu2\r\n', ['u1', 'u2']],
    ['gives its first column', 'u1,Asha\nu2,Ravi', ['u1', 'u2']],
    ['gives the column that its header names', 'name,user_id\nAsha,u1\nRavi,u2', ['u1', 'u2']],
    ['gives the column targetingKey, whatever the case', '"name","TargetingKey"\nAsha,u1', ['u1']],
    ['has a header in its first row alone', 'u1\nkey\n', ['u1', 'key']],
    ['may have blank lines', '\nu1\n\n\r\nu2\n', ['u1', 'u2']],
    ['may quote', '"u,1"\n"say ""hi"""\n"u2"', ['u,1', 'say "hi"', 'u2']],
    ['may have lines in a quoted field', 'key,note\nu1,"two\nlines, ""three"""\nu2,', ['u1', 'u2']],
    ['keeps every script', 'चालक-१\nஓட்டுநர்\n😀', ['चालक-१', 'ஓட்டுநர்', '😀']],
    ['is empty', '', []],
    ['is a header alone', 'key\n', []],
  ])('%s', (_rule, file, keys) => {
    for (const piece of [1, 2, 7, 1_000]) expect(read(file, 'csv', piece)).toEqual(keys);
  });
  it('that is text has keys with commas and quotes as they stand', () => expect(read('u,1\n"u2"\n', 'text')).toEqual(['u,1', '"u2"']));

  it.each<[string, string | Buffer, string[]]>([
    ['a row without its key', 'name,key\nAsha,u1\nRavi\nMeena,', ['line 3 has no key', 'line 4 has no key']],
    ['a key of more than 256 characters', `u1\n${'x'.repeat(257)}\n${'😀'.repeat(256)}`, ['line 2 has a key of more than 256 characters']],
    ['control characters', 'a\tb\nc\u0000\nd\re', ['line 1 has a key with a control character', 'line 2 has a key with a control character', 'line 3 has a key with a control character']],
    ['blanks around a key', 'u1 \n u2', ['line 1 has a key that begins or ends with a blank', 'line 2 has a key that begins or ends with a blank']],
    ['a quote in the wrong place', 'u1\nu"2"\n"u3"x', ['line 2 has a quote in the wrong place', 'line 3 has a quote in the wrong place']],
    ['a quote that is never closed', 'u1\n"u2\nu3\n', ['line 2 opens a quote that is never closed']],
    ['bytes that are no UTF-8', Buffer.from([0x75, 0x31, 0x0a, 0xff, 0x0a, 0xc3, 0x28, 0x0a, 0x75]), ['line 2 is not valid UTF-8', 'line 3 is not valid UTF-8']],
    ['half a character at the end', Buffer.from([0x75, 0x0a, 0xe0, 0xa4]), ['line 2 is not valid UTF-8']],
    ['a line without end', `u1\n${'x'.repeat(200_000)}\nu\t2`, ['line 2 is longer than 65536 bytes', 'line 3 has a key with a control character']],
  ])('names the lines that have %s', (_rule, file, faults) => expect(faultsOf(file)).toEqual(faults));
  it('names a hundred lines, and counts the others', () => {
    expect(faultsOf('\t\n'.repeat(1_000))).toHaveLength(100);
    expect(() => read('\t\n'.repeat(1_000))).toThrow('1000 lines cannot be taken');
  });
});

describe('the keys collected', () => {
  it('are sorted by their bytes, each once', async () => {
    const collector = new KeyCollector();
    ['b', 'a', '😀', '\ue000', 'é', 'b', 'ab'].forEach(collector.add);
    expect(Buffer.from(await collector.text()).toString()).toBe('a\nab\nb\né\n\ue000\n😀\n');
  });
  it('are so over many runs too', async () => {
    const collector = new KeyCollector();
    const keys = Array.from({ length: 70_000 }, (_, index) => `d${(index * 7_919) % 35_000}`);
    keys.forEach(collector.add);
    expect(Buffer.from(await collector.text()).toString()).toBe([...new Set(keys)].sort().map((key) => `${key}\n`).join(''));
  });
  it('are so where the file was sorted, or every run was', async () => {
    for (const size of [16_384, 16_385, 50_000]) {
      const collector = new KeyCollector();
      const keys = Array.from({ length: size }, (_, index) => `d${String(index).padStart(6, '0')}`);
      [...keys, ...keys.slice(-1)].forEach(collector.add);
      expect(Buffer.from(await collector.text()).toString()).toBe(keys.map((key) => `${key}\n`).join(''));
    }
  });
  it('are a million at most', async () => {
    const collector = new KeyCollector();
    for (let index = 0; index <= 1_000_000; index += 1) collector.add(String(index));
    await expect(collector.text()).rejects.toMatchObject({ code: 'too-large' });
  });
});

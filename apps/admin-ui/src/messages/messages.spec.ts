import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { faultCodes, problems } from '@pataka/contracts';

const files = readdirSync(__dirname).filter((name) => name.endsWith('.json'));
const read = (name: string): Record<string, string> => JSON.parse(readFileSync(join(__dirname, name), 'utf8')) as Record<string, string>;
const areas = files.filter((name) => name.endsWith('.en.json')).map((name) => name.replace('.en.json', ''));
const placeholders = (text: string): string[] => [...new Set([...text.matchAll(/\{(\w+)[,}]/g)].map((found) => found[1]!))].filter((name) => !/^\d/.test(name)).sort();
const tags = (text: string): string[] => [...text.matchAll(/<(\w+)>/g)].map((found) => found[1]!);

describe('messages', () => {
  it('say of every problem that the server answers what it is and what to do', () => {
    const english = read('common.en.json');
    expect(Object.keys(problems).flatMap((code) => [`problem.${code}`, `advice.${code}`]).filter((id) => english[id] === undefined)).toEqual([]);
  });

  it('say of every kind of fault what is wrong, with its parameters and no other', () => {
    const english = read('common.en.json');
    for (const [code, params] of Object.entries(faultCodes)) {
      expect([code, english[`fault.${code}`] === undefined]).toEqual([code, false]);
      expect([code, placeholders(english[`fault.${code}`]!).filter((name) => !(params as readonly string[]).includes(name))]).toEqual([code, []]);
    }
  });

  it.each(areas)('of %s are all there in Hindi, and in Hindi letters', (area) => {
    const [english, hindi] = [read(`${area}.en.json`), read(`${area}.hi.json`)];
    expect(Object.keys(hindi).sort()).toEqual(Object.keys(english).sort());
    // Numbers, names of formats and placeholders alone are the same in every language.
    const same = Object.keys(english).filter((id) => english[id] === hindi[id] && /[A-Za-z]{4}/.test(english[id]!.replace(/\{[^}]*\}/g, '').replace(/JSON|OpenAPI|Standard Webhooks|PATAKA_\w+|hi, mr, en-IN/g, '')));
    expect(same).toEqual([]);
  });

  it.each(files.filter((name) => !name.endsWith('.en.json')))('of %s name what the English ones name', (name) => {
    const english = read(name.replace(/\.\w+\.json$/, '.en.json'));
    for (const [id, text] of Object.entries(read(name))) {
      expect([id, english[id] === undefined]).toEqual([id, false]);
      const known = placeholders(english[id]!);
      expect([id, placeholders(text).filter((one) => !known.includes(one))]).toEqual([id, []]);
      expect([id, tags(text)]).toEqual([id, tags(english[id]!)]);
    }
  });
});

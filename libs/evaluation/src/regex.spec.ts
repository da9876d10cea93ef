import { compileRegex } from './regex';
import { validateRegex } from './index';

// Patterns that take exponential or high polynomial time in a backtracking engine.
const bombs = [
  '(a+)+$', '(a*)*$', '(a|a)*$', '(a|aa)+$', '(.*a){20}$', '(a+){10}$', '([a-zA-Z]+)*$', '^(([a-z])+.)+[A-Z]([a-z])+$', '(x+x+)+y', '(.*)*x', '(a?){40}a{40}',
  '^(a?){30}b', '(?:a|b|ab)*c', '(\\w+\\s?)+$', '^(\\w+)+!$', '(.|\\s)*#', '^(?:(?:a+)+)+$', '((a+)+)+b', '(a{1,30}){1,30}$', '(.{0,50}){0,10}z', '^(.*?,){25}P',
  '(?i)(A+)+b', '(\\d+)+x', '(a|b|c|a)*d', '(a*)+(b*)+(c*)+d', '^(([^,]*),?)*$x', '\\s+$', '(?:.+)+=', '(?:a*a*a*a*a*)b', '^((ab)*|(a|b)*)*c$',
];

describe('regex', () => {
  it('has thirty bombs to try', () => expect(bombs).toHaveLength(30));

  it.each(bombs)('stays linear for %s', (pattern) => {
    expect(validateRegex(pattern)).toBeNull();
    const matches = compileRegex(pattern)!;
    const took = (length: number): number => {
      const before = performance.now();
      matches(`${'a'.repeat(length)}!`);
      return performance.now() - before;
    };
    took(100);
    // A thousand times what brings a backtracking engine down, in less than two seconds on a busy machine.
    expect(took(30_000)).toBeLessThan(2000);
  });

  it.each(['(?=a)', '(?<=a)b', '(?!a)', '(a)\\1', '[', '(', 'a{2000}', '(?P<n>', '\\8', '*'])('refuses %s', (pattern) => {
    expect(validateRegex(pattern)).toEqual(expect.any(String));
    expect(compileRegex(pattern)).toBeUndefined();
  });

  it('takes 512 characters and refuses 513', () => {
    expect(validateRegex('a'.repeat(512))).toBeNull();
    expect(validateRegex('a'.repeat(513))).toContain('512');
    expect(compileRegex('a'.repeat(513))).toBeUndefined();
  });
});

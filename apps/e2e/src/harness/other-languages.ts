import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './build';

const run = promisify(execFile);
const LIMIT_MS = 240_000;

/** Why a program can't be run here; null when it can. */
const missing = (program: string, ...args: string[]): string | null => {
  const { status, error } = spawnSync(program, args, { encoding: 'utf8', timeout: 30_000 });
  return status === 0 ? null : `${program} ${args.join(' ')}: ${error?.message ?? `ends with ${status}`}`;
};

/** `describe`, or a loud `describe.skip` where a tool can't be had; with CI=true nothing is left out, and it fails instead. */
export const describeWith = (title: string, reason: string | null, suite: () => void): void => {
  if (reason === null || process.env['CI'] === 'true') describe(title, suite);
  else describe.skip(`${title} (LEFT OUT: ${reason})`, suite);
};

export const missingGo = (): string | null => missing('go', 'version');
export const missingPython = (): string | null => missing('python3', '-c', 'import venv, ensurepip');

/** What a program printed; an error tells it all, when it ends badly. */
const output = async (program: string, args: readonly string[], cwd: string, env: Record<string, string>): Promise<string> => {
  try {
    const { stdout, stderr } = await run(program, [...args], { cwd, env: { ...process.env, ...env }, timeout: LIMIT_MS, maxBuffer: 16 * 1024 * 1024 });
    return stdout + stderr;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${program} ${args.join(' ')}\n${stdout}${stderr}`, { cause: error });
  }
};

/** Runs the tests of an example in Go; answers what they printed. */
export const goTest = (example: string, env: Record<string, string>): Promise<string> => output('go', ['test', '-count=1', '-v', './...'], join(root, 'examples', example), env);

/** Python with an example's requirements, in an environment that is made for it. */
export class PythonEnvironment {
  private constructor(private readonly directory: string, private readonly example: string) {}

  static async create(name: string): Promise<PythonEnvironment> {
    const directory = mkdtempSync(join(tmpdir(), 'pataka-python-'));
    const example = join(root, 'examples', name);
    if (!existsSync(join(example, 'requirements.txt')) || readFileSync(join(example, 'requirements.txt'), 'utf8') === '') throw new Error(`${name} has no requirements`);
    await output('python3', ['-m', 'venv', directory], example, {});
    await output(join(directory, 'bin/pip'), ['install', '--quiet', '--no-input', '--disable-pip-version-check', '-r', 'requirements.txt'], example, {});
    return new PythonEnvironment(directory, example);
  }

  /** Runs its tests; answers what they printed. */
  test(env: Record<string, string>): Promise<string> {
    return output(join(this.directory, 'bin/python'), ['-B', '-m', 'unittest', '-v'], this.example, env);
  }

  dispose(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

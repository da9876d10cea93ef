import { type ClientRequest, get } from 'node:http';

const LIMIT_MS = 15_000;

/** The evaluator's stream of changes, read as cheaply as it can be: says when a flag's change has arrived. */
export class ChangeStream {
  readonly #waiting = new Map<string, (at: number) => void>();
  readonly #request: ClientRequest;
  readonly opened: Promise<void>;
  #held = '';

  constructor(url: string, token: string) {
    let open: () => void = () => undefined;
    let fail: (error: Error) => void = () => undefined;
    this.opened = new Promise((resolve, reject) => [open, fail] = [resolve, reject]);
    this.#request = get(`${url}/v1/stream`, { headers: { authorization: `Bearer ${token}` }, agent: false }, (response) => {
      if (response.statusCode !== 200) fail(new Error(`the stream answers ${response.statusCode}`));
      response.setEncoding('utf8').on('data', (chunk: string) => {
        open();
        this.#hear(chunk);
      });
    });
    this.#request.on('error', (error) => fail(error));
  }

  /** When the next change of the flag arrives, on the clock of `performance.now`. */
  next(flag: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no change of ${flag} arrived within ${LIMIT_MS / 1000} s`)), LIMIT_MS);
      this.#waiting.set(flag, (at) => {
        clearTimeout(timer);
        this.#waiting.delete(flag);
        resolve(at);
      });
    });
  }

  close(): void {
    this.#request.destroy();
  }

  #hear(chunk: string): void {
    const at = performance.now();
    const lines = (this.#held + chunk).split('\n');
    this.#held = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.startsWith('data: ')) continue;
      const { flags } = JSON.parse(line.slice('data: '.length)) as { flags: string[] | null };
      for (const flag of flags ?? []) this.#waiting.get(flag)?.(at);
    }
  }
}

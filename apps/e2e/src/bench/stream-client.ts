import { type ClientRequest, get, type IncomingMessage } from 'node:http';

/** One event of the stream: its id, and its data as it came. */
export interface StreamEvent { id: number; data: string; at: number }

/** A connection to the stream of changes, read as cheaply as it can be. */
export class StreamClient {
  lastEventId: number;
  #request: ClientRequest | undefined;
  #held = '';
  onEvent: (event: StreamEvent) => void = () => undefined;

  constructor(private readonly url: string, private readonly token: string, since: number) {
    this.lastEventId = since;
  }

  /** Resolves once the stream is open: its first line has come. */
  connect(): Promise<void> {
    this.#held = '';
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${this.token}`, 'last-event-id': String(this.lastEventId) };
      this.#request = get(`${this.url}/v1/stream`, { headers, agent: false }, (response: IncomingMessage) => {
        if (response.statusCode !== 200) reject(new Error(`the stream answers ${response.statusCode}`));
        response.setEncoding('utf8').on('data', (chunk: string) => {
          resolve();
          this.#hear(chunk);
        }).on('error', () => undefined);
      });
      this.#request.on('error', reject);
    });
  }

  cut(): void {
    this.#request?.destroy();
  }

  #hear(chunk: string): void {
    const at = performance.now();
    const blocks = (this.#held + chunk).split('\n\n');
    this.#held = blocks.pop() ?? '';
    for (const block of blocks) {
      const id = /^id: (\d+)$/m.exec(block)?.[1];
      const dataAt = block.indexOf('data: ');
      if (id === undefined || dataAt === -1) continue;
      this.lastEventId = Number(id);
      this.onEvent({ id: Number(id), data: block.slice(dataAt + 'data: '.length), at });
    }
  }
}

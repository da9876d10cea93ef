import { IncomingMessage } from 'node:http';

/** What takes a body as the parser finds it. */
export interface BodySink {
  take(chunk: Buffer): void;
  end(): void;
  /** The caller has gone before the body was whole. */
  cutOff(): void;
}

/**
 * A request whose body may be taken straight from the parser. As a stream it is a dozen calls and three ticks of the event loop for what
 * nearly always is one chunk, and costs as much as an evaluation does altogether.
 */
export class Incoming extends IncomingMessage {
  #sink: BodySink | null = null;
  #streams = false;

  /** Hands the body over; false once it has begun to arrive as a stream, which it then stays. */
  handTo(sink: BodySink): boolean {
    if (this.#streams || this.complete) return false;
    this.#sink = sink;
    // node:http reads to the end what nobody has consumed: there is nothing left to read.
    (this as unknown as { _consumed: boolean })._consumed = true;
    return true;
  }

  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    const sink = this.#sink;
    if (sink === null) {
      this.#streams = true;
      return super.push(chunk, encoding);
    }
    if (chunk === null) sink.end();
    else sink.take(chunk as Buffer);
    return true;
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#sink?.cutOff();
    super._destroy(error, callback);
  }
}

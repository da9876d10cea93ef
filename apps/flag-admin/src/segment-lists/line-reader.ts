import { isUtf8 } from 'node:buffer';

const LINE_FEED = 10;
const MAX_LINE_BYTES = 65_536;

/** Hears of each line, without its end, and of each that cannot be read. Lines count from 1. */
export interface LineListener {
  line(text: string, number: number): void;
  fault(number: number, detail: string): void;
}

/** Cuts bytes into lines of strict UTF-8 as they come in; what is held back is never more than a line. */
export class LineReader {
  private rest: Buffer = Buffer.alloc(0);
  private number = 0;
  private overlong = false;

  constructor(private readonly listener: LineListener) {}

  push(chunk: Buffer): void {
    const data = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const end = data.lastIndexOf(LINE_FEED) + 1;
    if (end > 0) this.whole(data.subarray(0, end));
    this.rest = data.subarray(end);
    if (this.rest.length <= MAX_LINE_BYTES) return;
    this.overlong = true;
    this.rest = Buffer.alloc(0);
  }

  end(): void {
    if (this.rest.length > 0 || this.overlong) this.whole(Buffer.concat([this.rest, Buffer.from('\n')]));
  }

  /** Lines with their ends. No byte of a longer character is a line feed, so cutting there cuts no character. */
  private whole(lines: Buffer): void {
    if (!this.overlong && isUtf8(lines)) this.each(lines.toString('utf8'));
    else for (let start = 0; start < lines.length; start = this.single(lines, start));
  }

  private each(text: string): void {
    for (let start = 0; start < text.length; ) {
      const end = text.indexOf('\n', start);
      this.tell(text.slice(start, end));
      start = end + 1;
    }
  }

  private single(lines: Buffer, start: number): number {
    const end = lines.indexOf(LINE_FEED, start);
    const line = lines.subarray(start, end);
    if (this.overlong) this.refuse(`is longer than ${MAX_LINE_BYTES} bytes`);
    else if (!isUtf8(line)) this.refuse('is not valid UTF-8');
    else this.tell(line.toString('utf8'));
    this.overlong = false;
    return end + 1;
  }

  private refuse(detail: string): void {
    this.number += 1;
    this.listener.fault(this.number, detail);
  }

  private tell(line: string): void {
    this.number += 1;
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    this.listener.line(this.number === 1 && text.startsWith('\ufeff') ? text.slice(1) : text, this.number);
  }
}

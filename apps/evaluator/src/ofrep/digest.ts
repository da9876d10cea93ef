import { createHash } from 'node:crypto';

const MULTIPLIER = 0x01000193;

/**
 * What entity tags of bulk answers are made of: 128 bits of each answer, added up in four lanes. Each answer names its flag, so their order
 * does not matter, and what is added once for several of them is what each would have added by itself.
 */
export class Digest {
  a = 0;
  b = 0;
  c = 0;
  d = 0;

  static ofBytes(bytes: Buffer): Digest {
    const hash = createHash('sha256').update(bytes).digest();
    const digest = new Digest();
    digest.a = hash.readInt32LE(0);
    digest.b = hash.readInt32LE(4);
    digest.c = hash.readInt32LE(8);
    digest.d = hash.readInt32LE(12);
    return digest;
  }

  /** The digest of what this one stands for with a text behind it: FNV-1a, begun in each lane where the lane stands. */
  with(text: string): Digest {
    const digest = new Digest();
    digest.add(this);
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      digest.a = Math.imul(digest.a ^ code, MULTIPLIER);
      digest.b = Math.imul(digest.b ^ code, MULTIPLIER);
      digest.c = Math.imul(digest.c ^ code, MULTIPLIER);
      digest.d = Math.imul(digest.d ^ code, MULTIPLIER);
    }
    return digest;
  }

  clear(): void {
    this.a = this.b = this.c = this.d = 0;
  }

  add(part: Digest): void {
    this.a = (this.a + part.a) | 0;
    this.b = (this.b + part.b) | 0;
    this.c = (this.c + part.c) | 0;
    this.d = (this.d + part.d) | 0;
  }

  etag(): string {
    LANES[0] = this.a;
    LANES[1] = this.b;
    LANES[2] = this.c;
    LANES[3] = this.d;
    return `"${HEX.toString('hex')}"`;
  }
}

const LANES = new Int32Array(4);
const HEX = Buffer.from(LANES.buffer);

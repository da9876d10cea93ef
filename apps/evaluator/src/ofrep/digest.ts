const MULTIPLIER = 0x01000193;
const SEEDS = [0x811c9dc5, 0x050c5d1f, 0x1b873593, 0x2f0b4a87] as const;
const hex = (lane: number): string => (lane >>> 0).toString(16).padStart(8, '0');

/** What entity tags of bulk answers are made of: four FNV-1a of 32 bits side by side, each over its own words or, of a text, over all of it. */
export class Digest {
  a: number = SEEDS[0];
  b: number = SEEDS[1];
  c: number = SEEDS[2];
  d: number = SEEDS[3];

  static ofWords(a: number, b: number, c: number, d: number): Digest {
    const digest = new Digest();
    digest.a = a;
    digest.b = b;
    digest.c = c;
    digest.d = d;
    return digest;
  }

  static ofText(text: string): Digest {
    const digest = new Digest();
    for (let at = 0; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      digest.a = Math.imul(digest.a ^ code, MULTIPLIER);
      digest.b = Math.imul(digest.b ^ code, MULTIPLIER);
      digest.c = Math.imul(digest.c ^ code, MULTIPLIER);
      digest.d = Math.imul(digest.d ^ code, MULTIPLIER);
    }
    return digest;
  }

  add(part: Digest): void {
    this.a = Math.imul(this.a ^ part.a, MULTIPLIER);
    this.b = Math.imul(this.b ^ part.b, MULTIPLIER);
    this.c = Math.imul(this.c ^ part.c, MULTIPLIER);
    this.d = Math.imul(this.d ^ part.d, MULTIPLIER);
  }

  etag(): string {
    return `"${hex(this.a)}${hex(this.b)}${hex(this.c)}${hex(this.d)}"`;
  }
}

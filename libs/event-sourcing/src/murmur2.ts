const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;

const mix = (block: number): number => {
  const product = Math.imul(block, MULTIPLIER);
  return Math.imul(product ^ (product >>> 24), MULTIPLIER);
};

/**
 * MurmurHash2, 32 bits, with the seed of Kafka's Java client (`Utils.murmur2`), as a signed integer.
 * All arithmetic is modulo 2^32, hence `Math.imul` and the bit operators. Of the first `length` bytes.
 */
export const murmur2 = (data: Uint8Array, length = data.length): number => {
  const tail = length & ~3;
  let hash = SEED ^ length;
  for (let i = 0; i < tail; i += 4) {
    const block = data[i]! | (data[i + 1]! << 8) | (data[i + 2]! << 16) | (data[i + 3]! << 24);
    hash = Math.imul(hash, MULTIPLIER) ^ mix(block);
  }
  if (length > tail) {
    for (let i = length - 1; i >= tail; i--) hash ^= data[i]! << (8 * (i - tail));
    hash = Math.imul(hash, MULTIPLIER);
  }
  hash = Math.imul(hash ^ (hash >>> 13), MULTIPLIER);
  return hash ^ (hash >>> 15);
};

const scratch = new Uint8Array(256);

/** Of a string's UTF-8. Keys are short and ASCII nearly always: those need no buffer of their own, which would cost more than the hash. */
const murmur2Of = (key: string): number => {
  if (key.length > scratch.length) return murmur2(Buffer.from(key));
  for (let index = 0; index < key.length; index += 1) {
    const unit = key.charCodeAt(index);
    if (unit > 127) return murmur2(Buffer.from(key));
    scratch[index] = unit;
  }
  return murmur2(scratch, key.length);
};

/** The partition of a key among `partitions`, the same that Kafka's default partitioner takes (hash of the UTF-8 bytes, sign bit dropped). */
export const partitionFor = (key: string | Uint8Array, partitions: number): number =>
  ((typeof key === 'string' ? murmur2Of(key) : murmur2(key)) & 0x7fffffff) % partitions;

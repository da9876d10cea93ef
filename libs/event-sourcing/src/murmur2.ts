const SEED = 0x9747b28c;
const MULTIPLIER = 0x5bd1e995;

const mix = (block: number): number => {
  const product = Math.imul(block, MULTIPLIER);
  return Math.imul(product ^ (product >>> 24), MULTIPLIER);
};

/**
 * MurmurHash2, 32 bits, with the seed of Kafka's Java client (`Utils.murmur2`), as a signed integer.
 * All arithmetic is modulo 2^32, hence `Math.imul` and the bit operators.
 */
export const murmur2 = (data: Uint8Array): number => {
  const { length } = data;
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

/** The partition of a key among `partitions`, the same that Kafka's default partitioner takes (hash of the UTF-8 bytes, sign bit dropped). */
export const partitionFor = (key: string | Uint8Array, partitions: number): number =>
  (murmur2(typeof key === 'string' ? Buffer.from(key) : key) & 0x7fffffff) % partitions;

import { Partitioners, type PartitionMetadata } from 'kafkajs';
import { partitionFor } from './murmur2';

const metadata = (partitions: number): PartitionMetadata[] =>
  Array.from({ length: partitions }, (_, partitionId) => ({
    partitionId, partitionErrorCode: 0, leader: 1, replicas: [1], isr: [1],
  }));

/** Repeatable pseudo-random numbers (a linear congruential generator), so that a failing key can be found again. */
const randomNumbers = (seed: number): (() => number) => {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
};

const randomKey = (random: () => number): string => {
  const limits = [0x7f, 0x7ff, 0xffff, 0x10ffff];
  return Array.from({ length: Math.floor(random() * 40) }, () =>
    String.fromCodePoint(Math.floor(random() * (limits[Math.floor(random() * 4)] ?? 0x7f)))).join('');
};

describe('partitionFor', () => {
  it('takes the partition that Kafka’s default partitioner takes, for any Unicode key', () => {
    const kafka = Partitioners.DefaultPartitioner();
    const random = randomNumbers(20_261);
    for (let i = 0; i < 10_000; i++) {
      const key = randomKey(random);
      const partitions = 1 + Math.floor(random() * 64);
      const expected = kafka({ topic: 't', partitionMetadata: metadata(partitions), message: { key, value: null } });
      expect([key, partitionFor(key, partitions)]).toEqual([key, expected]);
    }
  });

  it('agrees with the values of Kafka’s own tests', () => {
    // UtilsTest.testMurmur2 of Apache Kafka, as partition numbers of 2^31 - 1 partitions: the positive hash itself.
    const golden: [string, number][] = [['21', -973932308], ['foobar', -790332482], ['a-little-bit-long-string', -985981536],
      ['a-little-bit-longer-string', -1486304829], ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971]];
    for (const [key, hash] of golden) expect(partitionFor(key, 0x7fffffff)).toBe((hash & 0x7fffffff) % 0x7fffffff);
  });
});

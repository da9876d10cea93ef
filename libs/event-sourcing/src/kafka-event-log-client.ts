import { Kafka, type KafkaConfig, logLevel } from 'kafkajs';

/** How to reach a Kafka cluster. */
export interface KafkaEventLogOptions {
  /** `host:port` of some brokers; the others are found through them. */
  brokers: string[];
  clientId: string;
  sasl?: { mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; username: string; password: string };
  ssl?: KafkaConfig['ssl'];
  /** A publication not acknowledged by then is rejected. Default: 10 s. */
  publishLimitMs?: number;
  /** A member that is silent for longer loses its partitions. Default: 10 s. */
  sessionTimeoutMs?: number;
  /** Hears of what the driver calls an error; text without secrets. Default: nobody. */
  onDriverError?: (message: string) => void;
}

/** Attempts of one call of the driver: many short ones, all in all below ten seconds. What goes on for longer is retried above the driver. */
const retry = { initialRetryTime: 100, maxRetryTime: 1_000, multiplier: 2, factor: 0.2, retries: 9 };

/** A driver of its own: the driver shares state between consumers of one instance that have the same group. */
export const createKafka = (options: KafkaEventLogOptions): Kafka => {
  const { brokers, clientId, sasl, ssl, onDriverError } = options;
  return new Kafka({
    brokers, clientId, retry,
    connectionTimeout: 3_000, authenticationTimeout: 5_000, requestTimeout: 10_000,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl: sasl as NonNullable<KafkaConfig['sasl']> }),
    logLevel: logLevel.ERROR,
    // Only the message: the driver's details may hold what was configured.
    logCreator: () => ({ log, namespace }) => onDriverError?.(`${namespace}: ${log.message}`),
  });
};

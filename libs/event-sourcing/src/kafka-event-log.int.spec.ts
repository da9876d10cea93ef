import { describeEventLog } from './event-log.contract';
import { KafkaEventLog } from './kafka-event-log';

const brokers = process.env.TEST_KAFKA_BROKERS?.split(',');
if (!brokers && process.env.CI === 'true') throw new Error('TEST_KAFKA_BROKERS is not set');

if (!brokers) {
  describe.skip('KafkaEventLog (left out: TEST_KAFKA_BROKERS is not set)', () => {
    it('needs a Kafka', () => undefined);
  });
} else {
  describeEventLog('KafkaEventLog', () => ({
    open: () => KafkaEventLog.create({ brokers, clientId: 'contract', sessionTimeoutMs: 6_000 }),
    openAway: () => {
      // The driver goes to the brokers' own addresses once it has met one, so what is away here is the first one to ask.
      const options = { brokers: ['127.0.0.1:1'], clientId: 'contract', sessionTimeoutMs: 6_000 };
      return {
        log: KafkaEventLog.create(options),
        arrive: () => Promise.resolve(void options.brokers.splice(0, 1, ...brokers)),
        leave: () => Promise.resolve(),
      };
    },
  }));
}

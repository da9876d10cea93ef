import { topics, type DeadLetter } from '@pataka/contracts';
import { rowProjection, type ReceivedEvent } from '@pataka/event-sourcing';

/** What is listed of a letter, and where on the dead-letter topic the whole of it is. */
export interface LetterRow extends Pick<DeadLetter, 'id' | 'consumer' | 'reason' | 'topic' | 'partition' | 'offset' | 'index' | 'key' | 'failedAt'> {
  preview: string; at: { partition: number; offset: string };
}

const MOST_PREVIEW = 400;
const MOST_REASON = 2000;

const letterOf = (event: ReceivedEvent): DeadLetter | null => {
  const letter = event.data as unknown as DeadLetter | null;
  return typeof letter?.id === 'string' && typeof letter.topic === 'string' && typeof letter.failedAt === 'string' ? letter : null;
};

const rowOf = (letter: DeadLetter, { record }: ReceivedEvent): LetterRow => {
  const { id, consumer, reason, topic, partition, offset, index, key, failedAt, value, encoding } = letter;
  const preview = encoding === 'utf8' ? value.slice(0, MOST_PREVIEW).toWellFormed() : '';
  return { id, consumer, reason: reason.slice(0, MOST_REASON).toWellFormed(), topic, partition, offset, index, key, failedAt, preview, at: { partition: record.partition, offset: record.offset } };
};

/** Every failure once, as it was first told of. */
export const deadLettersProjection = rowProjection<LetterRow>({
  name: 'dead-letters',
  topics: [topics.deadLetters.name],
  keyOf: (event) => letterOf(event)?.id ?? null,
  evolve: (row, event) => {
    const letter = letterOf(event);
    return row ?? (letter === null ? null : rowOf(letter, event));
  },
});

/** Value of a record on pataka.dead-letters.v1: a record, or one event of a batch, that could not be taken. */
export interface DeadLetter {
  /** Derived from where it came from, so that the same failure is one letter. */
  id: string;
  consumer: string; reason: string;
  topic: string; partition: number; offset: string; index: number;
  key: string | null; headers: Record<string, string>;
  /** The value as text where it is valid UTF-8, else base64. */
  value: string; encoding: 'utf8' | 'base64';
  failedAt: string;
}

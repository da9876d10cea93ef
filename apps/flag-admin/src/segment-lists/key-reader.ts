import { DomainError, type Fault } from '@pataka/contracts';
import type { LineListener } from './line-reader';

export type KeyFormat = 'csv' | 'text';

const MAX_KEY_CHARACTERS = 256;
const MOST_FAULTS = 100;
// A quote that nobody closes would swallow the file.
const MAX_RECORD_LENGTH = 65_536;
const KEY_COLUMNS = ['key', 'targetingkey', 'targeting_key', 'user_id', 'userid'];

/** Why a text can be no listed key; null where it can. A key a line is how lists are kept, so no key has a line's end. */
export const keyFault = (key: string): string | null => {
  if (key === '') return 'has no key';
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(key)) return 'has a key with a control character';
  if (key.trim() !== key) return 'has a key that begins or ends with a blank';
  return key.length > MAX_KEY_CHARACTERS && [...key].length > MAX_KEY_CHARACTERS ? `has a key of more than ${MAX_KEY_CHARACTERS} characters` : null;
};

const isOpen = (record: string): boolean => {
  let open = false;
  for (let at = record.indexOf('"'); at !== -1; at = record.indexOf('"', at + 1)) open = !open;
  return open;
};

const QUOTED = /"((?:[^"]|"")*)"(?=,|$)|([^",]*)(?=,|$)/y;

/** The fields of a CSV record (RFC 4180); null where quotes stand in the wrong place. */
const fieldsOf = (record: string): string[] | null => {
  if (!record.includes('"')) return record.split(',');
  const fields: string[] = [];
  for (let at = 0; at <= record.length; ) {
    QUOTED.lastIndex = at;
    const found = QUOTED.exec(record);
    if (found === null) return null;
    fields.push(found[1]?.replaceAll('""', '"') ?? found[2]!);
    at += found[0].length + 1;
  }
  return fields;
};

/** Takes keys from lines: of CSV one column, of text the line. A first row that names a column of keys is a header. */
export class KeyReader implements LineListener {
  private readonly faults: Fault[] = [];
  private faulty = 0;
  private column = 0;
  private begun = false;
  private open = '';
  private openSince = 0;

  constructor(private readonly format: KeyFormat, private readonly take: (key: string) => void) {}

  line(text: string, number: number): void {
    if (this.open !== '') return this.more(text);
    if (this.format === 'text') return this.record([text], text, number);
    if (!isOpen(text)) return this.record(fieldsOf(text), text, number);
    this.open = text;
    this.openSince = number;
  }

  fault(number: number, detail: string): void {
    this.faulty += 1;
    if (this.faults.length < MOST_FAULTS) this.faults.push({ pointer: `/lines/${number}`, detail: `line ${number} ${detail}` });
  }

  /** @throws DomainError `validation` that names the lines, where any could not be taken */
  end(): void {
    if (this.open !== '') this.fault(this.openSince, 'opens a quote that is never closed');
    if (this.faulty > 0) throw new DomainError('validation', `${this.faulty} line${this.faulty === 1 ? '' : 's'} cannot be taken; nothing was changed`, this.faults);
  }

  /** A quoted field goes on in the next line. */
  private more(text: string): void {
    const record = `${this.open}\n${text}`;
    this.open = '';
    if (record.length > MAX_RECORD_LENGTH) this.fault(this.openSince, 'opens a quote that is not closed');
    else if (isOpen(record)) this.open = record;
    else this.record(fieldsOf(record), record, this.openSince);
  }

  private record(fields: readonly string[] | null, text: string, number: number): void {
    if (text === '') return;
    if (fields === null) return this.fault(number, 'has a quote in the wrong place');
    if (!this.begun) {
      this.begun = true;
      const named = fields.findIndex((field) => KEY_COLUMNS.includes(field.trim().toLowerCase()));
      if (named !== -1) {
        this.column = named;
        return;
      }
    }
    const key = fields[this.column] ?? '';
    const detail = keyFault(key);
    if (detail === null) this.take(key);
    else this.fault(number, detail);
  }
}

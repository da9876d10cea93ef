import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Database, Migration } from '@pataka/event-sourcing';
import type { KeyListText } from '@pataka/evaluation';

const compress = promisify(gzip);
const decompress = promisify(gunzip);
// Lists of keys are long and much alike: the fastest level finds nearly all there is.
const LEVEL = 1;

export const keyListMigrations = (schema: string): Migration[] => [{
  name: '0002-key-lists',
  up: `CREATE TABLE ${schema}.key_lists (hash text PRIMARY KEY, size int NOT NULL, body bytea NOT NULL, at timestamptz NOT NULL DEFAULT now())`,
}];

export const hashOfList = (text: KeyListText): string => createHash('sha256').update(text).digest('hex');

/** Lists by hash, so that nobody has to fold a million keys to read them. Whatever is missing here can be folded from the events. */
export class KeyListStore {
  constructor(private readonly database: Database, private readonly schema: string) {}

  /** null where it is not kept, or is not what its hash says. */
  async get(hash: string): Promise<KeyListText | null> {
    const [row] = await this.database.query<{ body: Buffer }>(`SELECT body FROM ${this.schema}.key_lists WHERE hash = $1`, [hash]);
    if (row === undefined) return null;
    const text = await decompress(row.body).catch(() => null);
    return text !== null && hashOfList(text) === hash ? text : null;
  }

  async put(hash: string, size: number, text: KeyListText): Promise<void> {
    await this.database.query(
      `INSERT INTO ${this.schema}.key_lists (hash, size, body) VALUES ($1, $2, $3)
       ON CONFLICT (hash) DO UPDATE SET size = excluded.size, body = excluded.body, at = now()`,
      [hash, size, await compress(text, { level: LEVEL })],
    );
  }

  /** Forgets what no segment names any more; a day's grace for uploads that are under way. */
  async prune(): Promise<void> {
    await this.database.query(
      `DELETE FROM ${this.schema}.key_lists l WHERE at < now() - interval '1 day' AND NOT EXISTS (
         SELECT 1 FROM ${this.schema}.documents d WHERE d.category = 'segment' AND l.hash IN (d.document->'includedList'->>'hash', d.document->'excludedList'->>'hash'))`,
    );
  }
}

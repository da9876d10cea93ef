import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Database, Migration } from '@pataka/event-sourcing';
import type { KeyListText } from '@pataka/evaluation';

const compress = promisify(gzip);
const decompress = promisify(gunzip);
const LEVEL = 1;

export const keyListMigrations = (schema: string): Migration[] => [{
  name: '0002-key-lists',
  up: `CREATE TABLE IF NOT EXISTS ${schema}.key_lists (hash text PRIMARY KEY, body bytea NOT NULL, at timestamptz NOT NULL DEFAULT now())`,
}];

/** Lists that the evaluators of a database have folded, by hash: snapshots name them, and need not hold them. */
export class KeyListArchive {
  constructor(private readonly database: Database, private readonly schema: string) {}

  async get(hash: string): Promise<KeyListText | null> {
    const [row] = await this.database.query<{ body: Buffer }>(`SELECT body FROM ${this.schema}.key_lists WHERE hash = $1`, [hash]);
    return row === undefined ? null : decompress(row.body);
  }

  /** Keeps a list, and forgets what is older than a day and not among those named. */
  async put(hash: string, text: KeyListText, named: readonly string[]): Promise<void> {
    const [known] = await this.database.query(`SELECT 1 FROM ${this.schema}.key_lists WHERE hash = $1`, [hash]);
    if (known === undefined) {
      await this.database.query(`INSERT INTO ${this.schema}.key_lists (hash, body) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING`, [hash, await compress(text, { level: LEVEL })]);
    }
    await this.database.query(`DELETE FROM ${this.schema}.key_lists WHERE at < now() - interval '1 day' AND hash <> ALL($1::text[])`, [[hash, ...named]]);
  }
}

import { hash, verify } from '@node-rs/argon2';
import { DomainError, PASSWORD_LENGTH } from '@pataka/contracts';
import type { Database, Migration, Sql } from '@pataka/event-sourcing';

// OWASP's second set for Argon2id (the library's default): 19 MiB, two passes, one lane; about 20 ms, in a thread of its own.
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
// Of a password that nobody has: whoever is not there costs as long as whoever is.
const NOBODY = hash('nobody has this password', PARAMETERS);
// Memory and processor time that strangers can make us spend.
const MOST_AT_ONCE = 2;
const MOST_WAITING = 50;

const COMMON = ['password', 'qwertyuiop', '1234567890', 'abcdefghij', 'letmein', 'iloveyou', 'welcome', 'admin', 'pataka', 'fleetflow', 'changeme'];

/** What is left once the parts that anybody would guess first are taken out. */
const unguessable = (password: string, known: readonly string[]): string =>
  [...COMMON, ...known.filter((part) => part.length >= 3)].reduce((rest, part) => rest.replaceAll(part.toLowerCase(), ''), password.toLowerCase());

/** Why a password is refused; null where it is taken. `known` is what others know of its owner: name and address. */
export const passwordFault = (password: string, known: readonly string[]): string | null => {
  const parts = known.flatMap((text) => text.split(/[\s@.]+/));
  if (new Set(password).size < 5) return 'repeats a few characters: choose another one';
  if (unguessable(password, parts).length < PASSWORD_LENGTH.least / 2) return 'is among those that are tried first: choose some words that have nothing to do with you';
  return password.isWellFormed() ? null : 'is no text';
};

export const passwordMigrations = (schema: string): Migration[] => [{
  name: '0003-passwords',
  up: `CREATE TABLE ${schema}.passwords (member text PRIMARY KEY, hash text NOT NULL, at timestamptz NOT NULL DEFAULT now())`,
}];

/** Passwords of members as Argon2id hashes, here and nowhere else: they are in no event and on no topic. */
export class Passwords {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly database: Database, private readonly schema: string) {}

  /** NFC, so that the same word typed on another keyboard is the same word. */
  hashOf(password: string): Promise<string> {
    return this.inTurn(() => hash(password.normalize('NFC'), PARAMETERS));
  }

  /** In the transaction of the command that says so. */
  async keep(sql: Sql, member: string, passwordHash: string): Promise<void> {
    await sql.query(
      `INSERT INTO ${this.schema}.passwords (member, hash) VALUES ($1, $2) ON CONFLICT (member) DO UPDATE SET hash = excluded.hash, at = now()`, [member, passwordHash],
    );
  }

  async forget(sql: Sql, member: string): Promise<void> {
    await sql.query(`DELETE FROM ${this.schema}.passwords WHERE member = $1`, [member]);
  }

  /** Takes as long for somebody unknown (null), or without a password, as for a wrong one. */
  async matches(member: string | null, password: string): Promise<boolean> {
    const [row] = await this.database.query<{ hash: string }>(`SELECT hash FROM ${this.schema}.passwords WHERE member = $1`, [member ?? '']);
    const right = await this.inTurn(async () => verify(row?.hash ?? (await NOBODY), password.normalize('NFC')));
    return right && row !== undefined;
  }

  private async inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.waiting.length >= MOST_WAITING) throw new DomainError('unavailable', 'Too many people sign in at once: try again shortly', [], { retryAfterSeconds: 2 });
    if (this.running >= MOST_AT_ONCE) await new Promise<void>((resolve) => this.waiting.push(resolve));
    this.running += 1;
    try {
      return await work();
    } finally {
      this.running -= 1;
      this.waiting.shift()?.();
    }
  }
}

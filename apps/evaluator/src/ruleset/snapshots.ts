import type { Database, Migration } from '@pataka/event-sourcing';
import type { AccessDirectory, SnapshotCache } from '@pataka/platform';
import type { KeyListFollower } from '../lists/key-list-follower';
import type { RulesetSnapshot, RulesetState } from './ruleset-state';

/** Where a service keeps its snapshots when the cache has none: one row per name, only a higher position overwrites. */
export const snapshotMigrations = (schema: string): Migration[] => [{
  name: '0001-snapshots',
  up: `CREATE SCHEMA IF NOT EXISTS ${schema}; CREATE TABLE IF NOT EXISTS ${schema}.snapshots (name text PRIMARY KEY, position bigint NOT NULL, body text NOT NULL, at timestamptz NOT NULL DEFAULT now())`,
}];

const LOOKUP_DEADLINE_MS = 5_000;
const ACCESS = 'access';

interface AccessSnapshot { position: number; environments: string[]; directory: unknown }

/** Resolves to null once the deadline has passed or the look-up has failed: the next source is asked. */
const bounded = async <T>(lookup: Promise<T>): Promise<T | null> => {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<null>((resolve) => { timer = setTimeout(() => resolve(null), LOOKUP_DEADLINE_MS); });
  return Promise.race([lookup.catch(() => null), deadline]).finally(() => clearTimeout(timer));
};

/**
 * Snapshots of the rulesets and of the access rights, in the shared cache and in the service's own schema: what an evaluator starts
 * from, and looks at again when the log is silent.
 */
export class Snapshots {
  #written = -1;

  constructor(
    private readonly options: { cache: SnapshotCache; database: Database; schema: string; state: RulesetState; access: AccessDirectory; lists: KeyListFollower },
  ) {}

  /** Takes in the newest snapshots there are. True when there were any. */
  async restore(offsets: Map<string, string>): Promise<boolean> {
    const access = await this.#newest<AccessSnapshot>(ACCESS);
    if (access === null) return false;
    const found = await Promise.all(access.environments.map((environment) => this.#newest<RulesetSnapshot>(`ruleset:${environment}`)));
    const snapshots = found.filter((snapshot) => snapshot !== null);
    if (snapshots.length < access.environments.length) return false;
    const position = Math.min(...snapshots.map((snapshot) => snapshot.position));
    if (position <= this.options.state.position) {
      await this.options.lists.provide(this.options.state.segments());
      return true;
    }
    for (const snapshot of snapshots) await this.options.lists.provide(snapshot.ruleset.segments);
    this.options.access.restore(access.directory as Parameters<AccessDirectory['restore']>[0]);
    this.options.state.restore(snapshots);
    for (const snapshot of snapshots) for (const [topic, offset] of Object.entries(snapshot.offsets)) lowest(offsets, topic, offset);
    return true;
  }

  /** Writes what is in memory unless that position is written already. Failures are left to the next time: the log is the truth. */
  async write(offsets: ReadonlyMap<string, string>): Promise<void> {
    const { state, access } = this.options;
    const position = state.position;
    if (position === this.#written || position === 0) return;
    const environments = access.environments();
    const plain = Object.fromEntries(offsets);
    const body = JSON.stringify({ position, environments, directory: access.snapshot() } satisfies AccessSnapshot);
    const bodies: [string, string][] = environments.map((environment) => [`ruleset:${environment}`, state.snapshot(environment, plain)]);
    const done = await Promise.all([...bodies, [ACCESS, body] as [string, string]].map(([name, text]) => this.#put(name, position, text)));
    if (done.every(Boolean)) this.#written = position;
  }

  async #newest<T extends { position: number }>(name: string): Promise<T | null> {
    const cached = await bounded(this.options.cache.get(name));
    if (cached !== null) return JSON.parse(cached.body) as T;
    const rows = await bounded(this.options.database.query<{ body: string }>(`SELECT body FROM ${this.options.schema}.snapshots WHERE name = $1`, [name]));
    return rows?.[0] === undefined ? null : (JSON.parse(rows[0].body) as T);
  }

  async #put(name: string, position: number, body: string): Promise<boolean> {
    const cached = bounded(this.options.cache.put(name, { position, body }));
    const stored = bounded(this.options.database.query(
      `INSERT INTO ${this.options.schema}.snapshots AS s (name, position, body) VALUES ($1, $2, $3)
       ON CONFLICT (name) DO UPDATE SET position = excluded.position, body = excluded.body, at = now() WHERE s.position < excluded.position`,
      [name, position, body],
    ));
    const [, kept] = await Promise.all([cached, stored]);
    return kept !== null;
  }
}

const lowest = (offsets: Map<string, string>, topic: string, offset: string): void => {
  const known = offsets.get(topic);
  if (known === undefined || BigInt(offset) < BigInt(known)) offsets.set(topic, offset);
};

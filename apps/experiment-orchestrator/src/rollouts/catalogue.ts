import type { Calendar, Fault, MetricDefinition } from '@pataka/contracts';
import type { Database, ProjectionRunner } from '@pataka/event-sourcing';
import { type Reference, unknownReferences } from '../experiments/reference-faults';
import { CATALOGUE, type CatalogueRow } from './catalogue.projection';
import type { Definitions } from './evidence';
import type { Places } from './openings';

const KEEP_MS = 1_000;
const PATIENCE_MS = 2_000;
const LOOK_MS = 100;

/** Everything rollouts have to know of what others keep. */
export interface Known { places: Places; definitions: Definitions; keys: ReadonlySet<string> }

const knownFrom = (rows: readonly { key: string; row: CatalogueRow }[]): Known => {
  const [calendars, parents, definitions] = [new Map<string, Calendar>(), new Map<string, string | undefined>(), new Map<string, MetricDefinition>()];
  for (const { key, row } of rows) {
    const name = key.slice(key.indexOf(':') + 1);
    if (row.kind === 'calendar') calendars.set(name, row.calendar);
    else if (row.kind === 'region') parents.set(name, row.parent);
    else if (row.kind === 'metric') definitions.set(name, row.metric);
  }
  return { places: { calendars, parents }, definitions, keys: new Set(rows.map(({ key }) => key)) };
};

/** Reads the catalogue; what was read is good for a second. */
export class Catalogue {
  #known: Promise<Known> | null = null;
  #readAt = -Infinity;

  constructor(private readonly parts: { database: Database; runner: ProjectionRunner }) {}

  known(): Promise<Known> {
    if (this.#known === null || performance.now() - this.#readAt > KEEP_MS) {
      this.#readAt = performance.now();
      this.#known = this.#read();
      this.#known.catch(() => { this.#known = null; });
    }
    return this.#known;
  }

  /** Names that nobody knows. What was made a moment ago may still be on its way here: only a fault has to wait for it. */
  async unknown(references: readonly Reference[]): Promise<Fault[]> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const faults = references.length === 0 ? [] : unknownReferences(references, (await this.#read()).keys);
      if (faults.length === 0 || performance.now() > deadline) return faults;
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
  }

  async #read(): Promise<Known> {
    const schema = await this.parts.runner.liveSchema(CATALOGUE);
    return knownFrom(await this.parts.database.query<{ key: string; row: CatalogueRow }>(`SELECT key, row FROM ${schema}.rows WHERE row <> 'null'`));
  }
}

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Experiment } from '@pataka/contracts';
import { type Ledger, DONE, KM, type OutgoingEvent } from './ledger';
import type { PatakaProcess } from './pataka-process';
import { until } from './waiting';

const FLAGS = 4;
const FLAG_PAUSE_MS = 10;
const EVENTS_PAUSE_MS = 100;
const EXPERIMENT_PAUSE_MS = 1_500;
const BATCH = 40;

const definition = (key: string): Record<string, unknown> & { key: string } => ({
  key, type: 'AB_TEST',
  variants: [{ id: 'control', weight: 0.5, config: 'basic', isControl: true }, { id: 'ai', weight: 0.5, config: 'ai_advanced' }],
  successMetrics: [DONE, { key: KM, type: 'mean', unit: 'km' }], strategy: { type: 'FIXED', targetPercentage: 100 },
});

/** Starts an experiment and answers its id. */
export const startExperiment = async (pataka: PatakaProcess, ledger: Ledger, key: string): Promise<string> => {
  const id = await ledger.createExperiment(pataka.admin, definition(key));
  await until('its flag', async () => (await pataka.admin.get<Experiment & Record<string, unknown>>(`/api/experiments/${id}`)).linked);
  await pataka.admin.post(`/api/experiments/${id}/start`);
  return id;
};

/** Writes as fleets do, until it is told to stop: changes of flags, new experiments, exposures and conversions; everything goes into the ledger. */
export class Load {
  readonly #pool: OutgoingEvent[] = [];
  readonly #stopped = new AbortController();
  readonly #writers: Promise<void>[];
  #subjects = 0;

  constructor(private readonly pataka: PatakaProcess, private readonly ledger: Ledger, private readonly experimentId: string, private readonly random: () => number) {
    const run = randomUUID().slice(0, 8);
    this.#writers = [
      ...Array.from({ length: FLAGS }, (_, index) => this.#changeFlags(`load_${run}_${index}`)),
      this.#makeExperiments(`load_${run}_exp`), this.#sendEvents(), this.#sendEvents(),
    ];
    // Looked at in `stop`; until then a writer's failure must not end the test run.
    for (const writer of this.#writers) writer.catch(() => undefined);
  }

  /** Lets every writer finish what is under way, sends what is left, and tells of the first writer that failed. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#writers);
    while (this.#pool.length > 0) await this.ledger.sendEvents(this.pataka.server, this.#pool.splice(0, 500));
  }

  async #loop(pauseMs: number, work: () => Promise<void>): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      await work();
      await sleep(pauseMs);
    }
  }

  async #changeFlags(flag: string): Promise<void> {
    await this.ledger.createFlag(this.pataka.admin, flag);
    await this.#loop(FLAG_PAUSE_MS, () => this.ledger.changeFlag(this.pataka.admin, flag));
  }

  async #makeExperiments(prefix: string): Promise<void> {
    let index = 0;
    await this.#loop(EXPERIMENT_PAUSE_MS, async () => void (await this.ledger.createExperiment(this.pataka.admin, definition(`${prefix}_${(index += 1)}`))));
  }

  async #sendEvents(): Promise<void> {
    await this.#loop(EVENTS_PAUSE_MS, async () => {
      for (let more = 0; more < 12; more += 1) this.#addSubject();
      const batch = Array.from({ length: Math.min(BATCH, this.#pool.length) }, () => this.#pool.splice(Math.floor(this.random() * this.#pool.length), 1)[0]!);
      await this.ledger.sendEvents(this.pataka.server, batch);
      if (this.random() < 0.1) await this.ledger.repeatEvents(this.pataka.server, batch);
    });
  }

  /** One more driver. Its events go out in any order, conversions long before the exposure perhaps. */
  #addSubject(): void {
    const targetingKey = `driver-${(this.#subjects += 1)}`;
    const atMs = Date.now() - 60_000;
    const at = (offsetMs: number): { id: string; targetingKey: string; occurredAt: string } => ({ id: randomUUID(), targetingKey, occurredAt: new Date(atMs + offsetMs).toISOString() });
    this.#pool.push({ ...at(0), type: 'exposure', experimentId: this.experimentId, variant: this.random() < 0.5 ? 'control' : 'ai' });
    if (this.random() < 0.4) this.#pool.push({ ...at(1_000), type: 'conversion', metric: DONE });
    for (let trips = Math.floor(this.random() * 4); trips > 0; trips -= 1) this.#pool.push({ ...at(2_000 + trips), type: 'conversion', metric: KM, value: 1 + Math.floor(this.random() * 1_000) });
  }
}

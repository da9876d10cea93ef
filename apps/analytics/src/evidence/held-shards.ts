import { randomUUID } from 'node:crypto';
import type { Sql } from '@pataka/event-sourcing';
import { DefinitionStore } from './definition-store';
import type { CompiledPlan } from './evidence-plan';
import type { Subject } from './evidence.fold';
import type { HeldShard, SubjectCache } from './subject-cache';
import { refKey, SubjectStore } from './subject-store';
import { SHARDS, shardOf } from './weighing';

const allShards = Array.from({ length: SHARDS }, (_, shard) => shard);
// Beyond the shards': whoever changes definitions is alone.
const DEFINITIONS = SHARDS;

/** The shards that one transaction holds, and what it knows of their subjects: from its own reading and writing, else from the writer before it. */
export class HeldShards {
  private readonly shards = new Map<number, HeldShard>();
  private readonly mark = randomUUID();
  private readonly subjects: SubjectStore;
  private readonly definitions: DefinitionStore;

  constructor(sql: Sql, private readonly schema: string, private readonly cache: SubjectCache) {
    this.subjects = new SubjectStore(sql, schema);
    this.definitions = new DefinitionStore(sql, schema);
  }

  /** Waits until nobody else works on these shards. */
  async lock(shards: Iterable<number>): Promise<void> {
    const wanted = new Set<number>();
    for (const shard of shards) if (!this.shards.has(shard)) wanted.add(shard);
    for (const { shard, mark } of await this.subjects.lock(wanted, this.mark)) this.shards.set(shard, this.cache.hold(this.schema, shard, mark, this.mark));
  }

  /** Takes the shards of keys and of subjects seen under them: these live in their unit's shard. Looked for first, so that locks are mostly taken in order and at once. */
  async lockKeys(keys: readonly string[]): Promise<void> {
    const shards = new Set(keys.map(shardOf));
    await this.lock(this.cache.seemKeyless(this.schema, shards) ? shards : [...shards, ...(await this.subjects.shardsOfKeys(keys))]);
  }

  async lockDefinitions(): Promise<void> {
    await this.subjects.lock([DEFINITIONS], this.mark);
    await this.lock(allShards);
  }

  /** Does what may change any subject: with every shard held, and none known of afterwards. */
  async alone(work: () => Promise<void>): Promise<void> {
    await this.lock(allShards);
    await work();
    for (const held of this.shards.values()) held.forget();
  }

  /** Subjects of units whose shards are held. */
  async ofUnits(units: readonly string[]): Promise<Subject[]> {
    const unknown = units.filter((unit) => this.shards.get(shardOf(unit))!.subjectsOf(unit) === undefined);
    if (unknown.length > 0) await this.read(unknown);
    return units.flatMap((unit) => this.shards.get(shardOf(unit))!.subjectsOf(unit)!);
  }

  private async read(units: readonly string[]): Promise<void> {
    const found = new Map<string, Subject[]>(units.map((unit) => [unit, []]));
    for (const subject of await this.subjects.ofUnits(units)) found.get(subject.unit)!.push(subject);
    for (const [unit, subjects] of found) this.shards.get(shardOf(unit))!.learn(unit, subjects);
  }

  /** Subjects whose unit, or one of whose targeting keys, is among these. Subjects seen under another key may be of shards that are to be held first. */
  async ofKeys(keys: readonly string[]): Promise<Subject[]> {
    await this.lock(keys.map(shardOf));
    const direct = await this.ofUnits(keys);
    if (await this.areKeyless(new Set(keys.map(shardOf)))) return direct;
    for (;;) {
      const others = await this.subjects.seenUnder(keys);
      const away = others.filter(({ shard }) => !this.shards.has(shard));
      if (away.length === 0) return [...new Map([...direct, ...others].map((subject) => [refKey(subject), subject])).values()];
      await this.lock(away.map(({ shard }) => shard));
    }
  }

  // Mostly the targeting key is the unit, and nothing has to be looked up.
  private async areKeyless(shards: ReadonlySet<number>): Promise<boolean> {
    const held = [...shards].map((shard) => this.shards.get(shard)!);
    if (held.every((shard) => shard.isKeyless() === true)) return true;
    if (held.some((shard) => shard.isKeyless() === false)) return false;
    const keyless = !(await this.subjects.hasKeys());
    for (const shard of held) shard.learnKeyless(keyless);
    return keyless;
  }

  /** Tells of subjects as they have been written. */
  put(subjects: readonly Subject[]): void {
    for (const subject of subjects) {
      this.shards.get(subject.shard)?.put(subject);
      for (const key of subject.keys) this.shards.get(shardOf(key))?.learnKeyless(false);
    }
  }

  /** Definitions change only while every shard is held: what one shard knows of them is true while any is. */
  async plans(experiments: Iterable<string>): Promise<Map<string, CompiledPlan>> {
    const held = [...this.shards.values()];
    const plans = new Map([...experiments].map((id) => [id, held.map((shard) => shard.planOf(id)).find((plan) => plan !== undefined)]));
    const unknown = [...plans].filter(([, plan]) => plan === undefined).map(([id]) => id);
    const found = await this.definitions.plans(unknown);
    for (const id of unknown) {
      const plan = found.get(id) ?? null;
      plans.set(id, plan);
      for (const shard of held) shard.learnPlan(id, plan);
    }
    return new Map([...plans].filter((entry): entry is [string, CompiledPlan] => entry[1] != null));
  }
}

import { type Conversion, DomainError, type Exposure, type Flag, type MetricDefinition, type Rule, type SplitShare, type TrafficRange } from '@pataka/contracts';
import { bucketOf, serialiseBucketKey } from '@pataka/evaluation';
import type { RulesetState } from '../ruleset/ruleset-state';

type ExperimentRule = Rule & { split: SplitShare[] };

const isExperimentRule = (rule: Rule): rule is ExperimentRule => rule.experimentId !== undefined && rule.split !== undefined;

const WINDOW_MS = 60_000;
const EVENTS_PER_WINDOW = 60_000;
const BUCKETS = 100_000;
const REMEMBERED = 20_000;
const TARGETING_KEY = 'targetingKey';

/**
 * What a client key may send: anyone can read such a key in an app, so its exposures must prove themselves by their receipt, its
 * conversions must be of metrics opened for clients, and both are limited.
 */
export class ClientRules {
  readonly #writable = new Set<string>();
  #metricsRead = false;
  readonly #spent = new Map<string, { windowStartMs: number; events: number }>();

  /** Rules of experiments as they were served: what a phone decided on the road arrives hours later. */
  readonly #served = new Map<string, ExperimentRule>();

  constructor(private readonly state: RulesetState, private readonly now: () => number) {
    state.onChange(({ touched }) => {
      const flags = touched === null ? state.flags() : touched.flags.map((key) => state.flag(key));
      for (const flag of flags) if (flag !== undefined) this.#remember(flag);
    });
  }

  metricChanged(metric: MetricDefinition): void {
    const event = metric.event ?? metric.key;
    if (metric.clientWritable === true) this.#writable.add(event);
    else this.#writable.delete(event);
  }

  /** Every metric there was when this evaluator started is known: from now on one that is not is refused for good. */
  metricsRead(): void {
    this.#metricsRead = true;
  }

  /** Whether there is such a flag, and a key of that kind may see it. */
  sees(kind: 'server' | 'client', flagKey: string): boolean {
    const flag = this.state.flag(flagKey);
    return flag !== undefined && (kind === 'server' || flag.clientVisible === true);
  }

  /** @throws DomainError `rate-limited` beyond the events a minute that one key may send */
  spend(keyId: string, events: number): void {
    const now = this.now();
    const known = this.#spent.get(keyId);
    const window = known === undefined || now - known.windowStartMs >= WINDOW_MS ? { windowStartMs: now, events: 0 } : known;
    this.#spent.set(keyId, window);
    if (window.events + events > EVENTS_PER_WINDOW) {
      const retryAfterSeconds = Math.ceil((window.windowStartMs + WINDOW_MS - now) / 1000);
      throw new DomainError('rate-limited', `A client key may send ${EVENTS_PER_WINDOW} events a minute`, [], { retryAfterSeconds });
    }
    window.events += events;
  }

  /** @throws DomainError `unavailable` where the metric may be one that this evaluator has not read yet: a refusal would be final */
  refuseConversion(conversion: Conversion): string | null {
    if (this.#writable.has(conversion.metric)) return null;
    if (!this.#metricsRead) throw new DomainError('unavailable', 'The metrics have not arrived yet', [], { retryAfterSeconds: 1 });
    return `metric "${conversion.metric}" is not open to client keys (clientWritable)`;
  }

  /** Recomputes the receipt: the bucket from rule and unit, the variant from the bucket, by the rule of the receipt's version of the flag or, where that is not known any more, as it is served now. */
  refuseExposure(environment: string, exposure: Exposure): string | null {
    const { receipt, flagKey } = exposure;
    if (receipt === undefined || flagKey === undefined) return 'with a client key an exposure needs its flagKey and receipt';
    const { ruleId, flagVersion } = receipt;
    const rule = this.#served.get(nameOf(environment, flagKey, ruleId, flagVersion)) ?? this.#rule(environment, flagKey, ruleId);
    return rule === undefined || rule.experimentId !== exposure.experimentId ? 'the receipt names no rule of that experiment' : misfitOf(rule, receipt, exposure);
  }

  #rule(environment: string, flagKey: string, ruleId: string): ExperimentRule | undefined {
    return this.state.flag(flagKey)?.environments[environment]?.rules.filter(isExperimentRule).find(({ id }) => id === ruleId);
  }

  #remember({ key, version, environments }: Flag): void {
    for (const [environment, { rules }] of Object.entries(environments)) {
      for (const rule of rules.filter(isExperimentRule)) this.#served.set(nameOf(environment, key, rule.id, version ?? 0), rule);
    }
    for (const oldest of this.#served.keys()) {
      if (this.#served.size <= REMEMBERED) break;
      this.#served.delete(oldest);
    }
  }
}

const nameOf = (environment: string, flagKey: string, ruleId: string, flagVersion: number): string => `${environment} ${flagKey} ${ruleId} ${flagVersion}`;

/** What a range buckets, as far as the exposure tells: what it leaves out cannot be recomputed. */
const isOutside = ({ salt, bucketBy = TARGETING_KEY, from, until }: TrafficRange, rule: Rule, { targetingKey, unit, attributes }: Exposure): boolean => {
  const attribute = bucketBy === TARGETING_KEY ? targetingKey : serialiseBucketKey(attributes?.[bucketBy]);
  const key = bucketBy === (rule.bucketBy ?? TARGETING_KEY) ? (unit ?? targetingKey) : attribute;
  if (key === undefined) return false;
  const bucket = bucketOf(key, salt);
  return bucket < from || bucket >= until;
};

/** In what a receipt differs from what its rule comes to. */
const misfitOf = (rule: ExperimentRule, receipt: NonNullable<Exposure['receipt']>, exposure: Exposure): string | null => {
  if (rule.traffic?.some((range) => isOutside(range, rule, exposure)) === true) return 'the receipt does not fit: the unit is outside the share of the experiment’s layer, or held out';
  const bucket = bucketOf(exposure.unit ?? exposure.targetingKey, `${rule.salt ?? rule.id}:split`);
  if (bucket !== receipt.bucket) return 'the receipt does not fit: another bucket was computed';
  return variantAt(rule.split, bucket) === exposure.variant ? null : 'the receipt does not fit: that bucket is served another variant';
};

const variantAt = (split: readonly SplitShare[], bucket: number): string | undefined => {
  let weight = 0;
  return split.find((share) => bucket < Math.round(BUCKETS * (weight += share.weight)))?.variant;
};

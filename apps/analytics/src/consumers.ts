import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { topics, type AccessChange } from '@pataka/contracts';
import { ProjectionRunner, type EventBatch } from '@pataka/event-sourcing';
import { AccessDirectory } from '@pataka/platform';
import { EVIDENCE } from './evidence/evidence.projection';
import { EXPERIMENT_METRICS } from './metrics/experiment-metrics.process';

/** Consumer groups and the projection that each one feeds. */
export const groups = { evidence: 'analytics-evidence', metrics: 'analytics-experiment-metrics', access: 'analytics-access' } as const;
export const projectionOf: Readonly<Record<string, string>> = { [groups.evidence]: EVIDENCE, [groups.metrics]: EXPERIMENT_METRICS };

const PLENTY = 2_000;
const GATHER_MS = 400;

/** What analytics reads off the log. */
@Controller()
export class Consumers {
  constructor(@Inject(ProjectionRunner) private readonly runner: ProjectionRunner, @Inject(AccessDirectory) private readonly access: AccessDirectory) {}

  @EventPattern(topics.exposures.name, undefined, { group: groups.evidence })
  exposures(@Payload() batch: EventBatch): Promise<void | { seek: string }> {
    return this.gathering(batch);
  }

  @EventPattern(topics.conversions.name, undefined, { group: groups.evidence })
  conversions(@Payload() batch: EventBatch): Promise<void | { seek: string }> {
    return this.gathering(batch);
  }

  @EventPattern(topics.experimentEvents.name, undefined, { group: groups.evidence })
  experiments(@Payload() batch: EventBatch): Promise<void | { seek: string }> {
    return this.runner.apply(EVIDENCE, batch);
  }

  @EventPattern(topics.metricChanges.name, undefined, { group: groups.evidence })
  metrics(@Payload() batch: EventBatch): Promise<void | { seek: string }> {
    return this.runner.apply(EVIDENCE, batch);
  }

  @EventPattern(topics.experimentEvents.name, undefined, { group: groups.metrics })
  experimentMetrics(@Payload() batch: EventBatch): Promise<void | { seek: string }> {
    return this.runner.apply(EXPERIMENT_METRICS, batch);
  }

  @EventPattern(topics.accessChanges.name, undefined, { group: groups.access, broadcast: true })
  accessChanges(@Payload() batch: EventBatch): void {
    for (const event of batch.events) this.access.apply(event.data as unknown as AccessChange, event.position ?? 0);
  }

  /** A small batch costs as many statements as a big one. After one the partition's next events have a moment to gather, so that load makes batches bigger. */
  private async gathering(batch: EventBatch): Promise<void | { seek: string }> {
    const outcome = await this.runner.apply(EVIDENCE, batch);
    if (outcome === undefined && batch.events.length < PLENTY) await sleep(GATHER_MS);
    return outcome;
  }
}

import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { type AccessChange, topics } from '@pataka/contracts';
import { type EventBatch, ProjectionRunner } from '@pataka/event-sourcing';
import { AccessDirectory } from '@pataka/platform';
import { RESULTS_PROJECTION } from './experiments/experiment-results.projection';
import { FLAG_LINK } from './experiments/flag-link.process';
import { CATALOGUE } from './rollouts/catalogue.projection';
import { ROLLOUT_ALERTS } from './rollouts/rollout-alerts.process';

/** What the orchestrator reads off the log. */
@Controller()
export class Consumers {
  constructor(@Inject(ProjectionRunner) private readonly runner: ProjectionRunner, @Inject(AccessDirectory) private readonly access: AccessDirectory) {}

  @EventPattern(topics.flagChanges.name, undefined, { group: FLAG_LINK })
  flagChanges(@Payload() batch: EventBatch): Promise<void | { seek: string }> {
    return this.runner.apply(FLAG_LINK, batch);
  }

  @EventPattern(topics.experimentMetrics.name, undefined, { group: RESULTS_PROJECTION })
  results(@Payload() batch: EventBatch): Promise<void | { seek: string }> {
    return this.runner.apply(RESULTS_PROJECTION, batch);
  }

  @EventPattern(topics.segmentChanges.name, undefined, { group: CATALOGUE })
  segments(@Payload() batch: EventBatch): Promise<void | { seek: string }> {
    return this.runner.apply(CATALOGUE, batch);
  }

  @EventPattern(topics.metricChanges.name, undefined, { group: CATALOGUE })
  metrics(@Payload() batch: EventBatch): Promise<void | { seek: string }> {
    return this.runner.apply(CATALOGUE, batch);
  }

  @EventPattern(topics.experimentEvents.name, undefined, { group: ROLLOUT_ALERTS })
  decisions(@Payload() batch: EventBatch): Promise<void | { seek: string }> {
    return this.runner.apply(ROLLOUT_ALERTS, batch);
  }

  @EventPattern(topics.accessChanges.name, undefined, { group: 'orchestrator-access', broadcast: true })
  accessChanges(@Payload() batch: EventBatch): void {
    for (const event of batch.events) this.access.apply(event.data as unknown as AccessChange, event.position ?? 0);
  }
}

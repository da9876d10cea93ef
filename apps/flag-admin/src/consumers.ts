import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { topics, type AccessChange } from '@pataka/contracts';
import { ProjectionRunner, type EventBatch } from '@pataka/event-sourcing';
import { deadLettersProjection } from './dead-letters/dead-letters.projection';
import { EXPERIMENT_FLAGS } from './experiments/experiment-flags.process';
import { evaluationCountsProjection } from './flags/evaluation-counts.projection';
import { AccessFeed } from './keys/access-feed';
import { WEBHOOK_DELIVERIES } from './webhooks/webhook-deliveries.process';

export const ACCESS_GROUP = 'flag-admin-access';

/** What flag-admin reads off the log. */
@Controller()
export class Consumers {
  constructor(@Inject(ProjectionRunner) private readonly runner: ProjectionRunner, @Inject(AccessFeed) private readonly access: AccessFeed) {}

  @EventPattern(topics.experimentEvents.name, undefined, { group: EXPERIMENT_FLAGS })
  experiments(@Payload() batch: EventBatch): Promise<void | { seek: string }> {
    return this.runner.apply(EXPERIMENT_FLAGS, batch);
  }

  @EventPattern(topics.deadLetters.name, undefined, { group: deadLettersProjection.name })
  deadLetters(@Payload() batch: EventBatch): Promise<void | { seek: string }> {
    return this.runner.apply(deadLettersProjection.name, batch);
  }

  @EventPattern(topics.evaluationCounts.name, undefined, { group: evaluationCountsProjection.name })
  evaluationCounts(@Payload() batch: EventBatch): Promise<void | { seek: string }> {
    return this.runner.apply(evaluationCountsProjection.name, batch);
  }

  @EventPattern(topics.flagChanges.name, undefined, { group: WEBHOOK_DELIVERIES })
  flagsForWebhooks(@Payload() batch: EventBatch): Promise<void | { seek: string }> {
    return this.runner.apply(WEBHOOK_DELIVERIES, batch);
  }

  @EventPattern(topics.experimentEvents.name, undefined, { group: WEBHOOK_DELIVERIES })
  experimentsForWebhooks(@Payload() batch: EventBatch): Promise<void | { seek: string }> {
    return this.runner.apply(WEBHOOK_DELIVERIES, batch);
  }

  @EventPattern(topics.alerts.name, undefined, { group: WEBHOOK_DELIVERIES })
  alertsForWebhooks(@Payload() batch: EventBatch): Promise<void | { seek: string }> {
    return this.runner.apply(WEBHOOK_DELIVERIES, batch);
  }

  /** Another process of flag-admin may have written it: the store has it before the log. */
  @EventPattern(topics.accessChanges.name, undefined, { group: ACCESS_GROUP, broadcast: true })
  async accessChanges(@Payload() batch: EventBatch): Promise<void> {
    await this.access.refresh();
    for (const event of batch.events) this.access.heard(event.data as unknown as AccessChange, event.position ?? 0);
  }
}

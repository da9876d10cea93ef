import { Controller, Inject } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { topics, type AccessChange } from '@pataka/contracts';
import { ProjectionRunner, type EventBatch } from '@pataka/event-sourcing';
import { AccessDirectory } from '@pataka/platform';
import { ALERT_WATCH } from './alerts/alert-watch.process';
import { ALERTS } from './alerts/alerts.projection';
import { EvidenceIntake } from './evidence/evidence-intake';
import { EVIDENCE } from './evidence/evidence.projection';
import { EXPERIMENT_METRICS } from './metrics/experiment-metrics.process';

/** Consumer groups and the projection that each one feeds. */
export const groups = { evidence: 'analytics-evidence', metrics: 'analytics-experiment-metrics', watch: 'analytics-alert-watch', alerts: 'analytics-alerts', access: 'analytics-access' } as const;
export const projectionOf: Readonly<Record<string, string>> = { [groups.evidence]: EVIDENCE, [groups.metrics]: EXPERIMENT_METRICS, [groups.watch]: ALERT_WATCH, [groups.alerts]: ALERTS };

/** What analytics reads off the log. */
@Controller()
export class Consumers {
  private readonly intake: EvidenceIntake;

  constructor(@Inject(ProjectionRunner) private readonly runner: ProjectionRunner, @Inject(AccessDirectory) private readonly access: AccessDirectory) {
    this.intake = new EvidenceIntake(runner);
  }

  @EventPattern(topics.exposures.name, undefined, { group: groups.evidence })
  exposures(@Payload() batch: EventBatch): Promise<void | { seek: string }> {
    return this.intake.take(batch);
  }

  @EventPattern(topics.conversions.name, undefined, { group: groups.evidence })
  conversions(@Payload() batch: EventBatch): Promise<void | { seek: string }> {
    return this.intake.take(batch);
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

  @EventPattern(topics.experimentMetrics.name, undefined, { group: groups.watch })
  results(@Payload() batch: EventBatch): Promise<void | { seek: string }> {
    return this.runner.apply(ALERT_WATCH, batch);
  }

  @EventPattern(topics.experimentEvents.name, undefined, { group: groups.watch })
  endings(@Payload() batch: EventBatch): Promise<void | { seek: string }> {
    return this.runner.apply(ALERT_WATCH, batch);
  }

  @EventPattern(topics.alerts.name, undefined, { group: groups.alerts })
  alerts(@Payload() batch: EventBatch): Promise<void | { seek: string }> {
    return this.runner.apply(ALERTS, batch);
  }

  @EventPattern(topics.accessChanges.name, undefined, { group: groups.access, broadcast: true })
  accessChanges(@Payload() batch: EventBatch): void {
    for (const event of batch.events) this.access.apply(event.data as unknown as AccessChange, event.position ?? 0);
  }
}

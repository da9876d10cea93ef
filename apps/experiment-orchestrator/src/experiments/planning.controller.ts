import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { CreateExperiment, DomainError, type DryRun, type Experiment, type ExperimentEvent, type ExperimentTemplate, parse, type PlannedStep, type RolloutView } from '@pataka/contracts';
import { EventStore, fold } from '@pataka/event-sourcing';
import type { Clock } from '@pataka/platform';
import { Catalogue } from '../rollouts/catalogue';
import { powerEstimate } from '../rollouts/power-estimate';
import { rolloutView } from '../rollouts/rollout-view';
import { wholeTimetable } from '../rollouts/timetable';
import { experimentAggregate } from './experiment.decider';
import { ExperimentChecks } from './experiment-checks';
import { ExperimentReads } from './experiment-reads';
import { effectiveStart } from './readiness';
import { templates } from './templates';

/** Token of the clock: a function has no class to be found by. */
export const CLOCK = 'clock';

const notesOf = (planned: readonly PlannedStep[], experiment: Experiment): string[] => [
  ...(planned.some(({ at }) => at === null) ? ['some steps never begin: no window is open for them within three years'] : []),
  ...(experiment.strategy.type === 'AUTOMATIC' ? ['every step is only taken where its thresholds hold: these are the earliest instants'] : []),
  ...(experiment.endDate !== undefined && planned.length < new Set(wholeTimetable({ type: experiment.type, strategy: experiment.strategy }, 0, { calendars: new Map(), parents: new Map() })).size
    ? ['it ends before its last steps begin'] : []),
];

/** What is to come of experiments, whether they are there already or not. */
@Controller('api')
export class PlanningController {
  constructor(
    @Inject(EventStore) private readonly store: EventStore, @Inject(ExperimentReads) private readonly reads: ExperimentReads,
    @Inject(Catalogue) private readonly catalogue: Catalogue, @Inject(ExperimentChecks) private readonly checks: ExperimentChecks, @Inject(CLOCK) private readonly now: Clock,
  ) {}

  @Get('experiments/:id/rollout')
  async rollout(@Param('id') id: string): Promise<RolloutView> {
    const { document } = await this.reads.find(id);
    const events = await this.store.load(`experiment:${document.id}`);
    // The events may have gone on since the document was read.
    const { state } = fold(experimentAggregate, events);
    const { places } = await this.catalogue.known();
    return rolloutView(state ?? document, events as unknown as (ExperimentEvent & { at: string })[], places, this.now());
  }

  @Post('experiments/dry-run')
  @HttpCode(200)
  async dryRun(@Body() given: unknown): Promise<DryRun> {
    const body = parse(CreateExperiment, given);
    await this.checks.refuseFaulty(body);
    const now = this.now();
    const [event] = experimentAggregate.decide({ type: 'CreateExperiment', id: 'dry-run', body, now }, null);
    if (event?.type !== 'experiment.created') throw new DomainError('internal');
    const { experiment } = event.data;
    const { places } = await this.catalogue.known();
    const startsAt = effectiveStart(experiment, now);
    const planned = wholeTimetable(experiment, startsAt, places);
    const reach = planned.flatMap(({ at, percentage }) => (at === null ? [] : [{ at: Date.parse(at), percentage }]));
    return { startsAt: new Date(startsAt).toISOString(), endsAt: experiment.endDate ?? null, planned, estimate: powerEstimate(experiment, startsAt, reach), notes: notesOf(planned, experiment) };
  }

  @Get('experiment-templates')
  templates(): { items: readonly ExperimentTemplate[] } {
    return { items: templates };
  }
}

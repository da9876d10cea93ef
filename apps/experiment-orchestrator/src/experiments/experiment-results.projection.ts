import { type ExperimentResults, topics } from '@pataka/contracts';
import { type Projection, rowProjection } from '@pataka/event-sourcing';

export const RESULTS_PROJECTION = 'experiment-results';

/** The latest results document of each experiment, as analytics published it. */
export const experimentResultsProjection = (onChanged: (experiments: string[]) => void = () => undefined): Projection => ({
  ...rowProjection<{ results: ExperimentResults }>({
    name: RESULTS_PROJECTION,
    topics: [topics.experimentMetrics.name],
    keyOf: (event) => event.subject,
    evolve: (_row, event) => ({ results: event.data as unknown as ExperimentResults }),
  }),
  committed: (batch) => onChanged([...new Set(batch.events.flatMap(({ subject }) => (subject === null ? [] : [subject])))]),
});

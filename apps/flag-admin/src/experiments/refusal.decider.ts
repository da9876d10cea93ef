import { topics, type FlagChange, type FlagEvent } from '@pataka/contracts';
import type { Aggregate, StoredFacts } from '@pataka/event-sourcing';

export type RefusalEvent = Extract<FlagEvent, { type: 'experiment-flag.refused' }>;
export type Refusal = RefusalEvent['data'];
export interface RefuseExperimentFlag { type: 'refuse'; refusal: Refusal }

/** The latest refusal of an experiment's flag: why the experiment cannot be served as it stands. */
export const refusalAggregate: Aggregate<Refusal | null, RefuseExperimentFlag, RefusalEvent> = {
  category: 'experiment-flag',
  initialState: null,
  decide: ({ refusal }, known) => {
    const same = known !== null && known.flagKey === refusal.flagKey && known.code === refusal.code && known.detail === refusal.detail;
    return same ? [] : [{ type: 'experiment-flag.refused', data: refusal }];
  },
  evolve: (_known, event) => event.data,
  document: (refusal) => refusal,
  publish: (event: RefusalEvent & StoredFacts) => {
    const why = event.meta.reason === undefined ? {} : { reason: event.meta.reason };
    const data: FlagChange = { change: { type: event.type, data: event.data }, actor: event.meta.actor, ...why };
    return { topic: topics.flagChanges.name, key: event.data.flagKey, type: event.type, data };
  },
};

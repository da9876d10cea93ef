import type { ExplainBasis } from '@pataka/contracts';

const documents = ['flags', 'prerequisites', 'segments', 'regions', 'calendars'];
const clock = ['rule schedules', 'calendars’ periods', 'conditions on the timestamp'].map((what) => `${what} at the instant judged at`);
const planned = ['steps that an experiment’s rollout has planned', 'changes that nobody has made yet'];

const bases: Record<ExplainBasis['kind'], Omit<ExplainBasis, 'kind'>> = {
  present: { includes: [...documents.map((what) => `${what} as served now`), ...clock], excludes: [] },
  past: { includes: [...documents.map((what) => `${what} as committed by then`), ...clock], excludes: [] },
  position: { includes: [...documents.map((what) => `${what} up to the position`), ...clock], excludes: [] },
  future: { includes: [...documents.map((what) => `${what} as served now`), ...clock], excludes: planned },
};

/** What an explanation rests on. */
export const basisOf = (kind: ExplainBasis['kind']): ExplainBasis => ({ kind, ...bases[kind] });

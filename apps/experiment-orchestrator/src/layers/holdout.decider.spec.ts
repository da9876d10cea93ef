import type { HoldoutEvent } from '@pataka/contracts';
import { given } from '@pataka/event-sourcing';
import { holdoutAggregate as decider } from './holdout.decider';

const created: HoldoutEvent = { type: 'holdout.created', data: { holdout: { key: 'always_control', percentage: 5, bucketBy: 'fleet_id', environment: 'production', salt: 'holdout:always_control', until: 5_000 } } };
const ended: HoldoutEvent = { type: 'holdout.ended', data: {} };

describe('a holdout', () => {
  it('is made with a salt of its own and the buckets it holds out', () => {
    given(decider).when({ type: 'CreateHoldout', body: { key: 'always_control', percentage: 5, bucketBy: 'fleet_id' } }).thenEmits(created);
  });
  it('takes the salt of an experiment’s split instead', () => {
    expect(decider.decide({ type: 'CreateHoldout', body: { key: 'h', percentage: 0.5, salt: 'exp_1:split' } }, null)).toMatchObject([{ data: { holdout: { salt: 'exp_1:split', until: 500 } } }]);
  });
  it('is there once, and ends once', () => {
    given(decider, created).when({ type: 'CreateHoldout', body: { key: 'always_control', percentage: 6 } }).thenRejects('already-exists');
    given(decider, created).when({ type: 'EndHoldout' }).thenEmits(ended);
    given(decider, created, ended).when({ type: 'EndHoldout' }).thenEmits();
    given(decider).when({ type: 'EndHoldout' }).thenRejects('not-found');
  });
});

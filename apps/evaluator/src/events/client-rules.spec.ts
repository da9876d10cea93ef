import type { Exposure, Flag, MetricDefinition, Rule } from '@pataka/contracts';
import { bucketOf } from '@pataka/evaluation';
import { RulesetState } from '../ruleset/ruleset-state';
import { ClientRules } from './client-rules';

const rule = (weight: number): Rule => ({
  id: 'exp_1', experimentId: 'exp_1', phase: 1, percentage: 100,
  split: [{ variant: 'control', weight, value: 'basic' }, { variant: 'ai', weight: 1 - weight, value: 'ai' }],
});
const flag = (version: number, rules: Rule[]): Flag => ({ key: 'routing', type: 'STRING', status: 'ACTIVE', defaultValue: 'basic', version, environments: { production: { enabled: true, rules } } });
const exposure = (flagVersion: number, variant: string): Exposure => {
  const bucket = bucketOf('driver-1', 'exp_1:split');
  return { targetingKey: 'driver-1', experimentId: 'exp_1', flagKey: 'routing', variant, occurredAt: '2026-03-01T00:00:00Z', receipt: { flagVersion, position: 1, ruleId: 'exp_1', bucket, probability: 1, engine: '1' } };
};

describe('ClientRules', () => {
  const served = (...versions: Rule[][]): ClientRules => {
    const state = new RulesetState();
    const rules = new ClientRules(state, () => 0);
    versions.forEach((one, index) => state.applyFlagChange({ change: { type: 'flag.activated', data: {} }, actor: 'test', flag: flag(index + 1, one) }, index + 1));
    return rules;
  };

  it('judges a receipt by the version of the flag that it names, whatever is served since', () => {
    const rules = served([rule(0)], [rule(1)], []);
    expect(rules.refuseExposure('production', exposure(1, 'ai'))).toBeNull();
    expect(rules.refuseExposure('production', exposure(2, 'control'))).toBeNull();
    expect(rules.refuseExposure('production', exposure(2, 'ai'))).toContain('does not fit');
    expect(rules.refuseExposure('production', exposure(3, 'ai'))).toContain('names no rule');
    expect(rules.refuseExposure('staging', exposure(1, 'ai'))).toContain('names no rule');
  });

  it('refuses a unit that its layer or a holdout keeps out of the experiment, as far as the exposure tells', () => {
    const at = bucketOf('driver-1', 'layer:routing');
    const within = (from: number, until: number, bucketBy?: string): Rule => ({ ...rule(0), traffic: [{ salt: 'layer:routing', from, until, ...(bucketBy === undefined ? {} : { bucketBy }) }] });
    expect(served([within(at, at + 1)]).refuseExposure('production', exposure(1, 'ai'))).toBeNull();
    expect(served([within(at + 1, 100_000)]).refuseExposure('production', exposure(1, 'ai'))).toContain('outside the share');
    const byFleet = served([within(bucketOf('FL-1', 'layer:routing') + 1, 100_000, 'fleet_id')]);
    expect(byFleet.refuseExposure('production', { ...exposure(1, 'ai'), attributes: { fleet_id: 'FL-1' } })).toContain('outside the share');
    expect(byFleet.refuseExposure('production', exposure(1, 'ai'))).toBeNull();
  });

  it('puts off conversions of metrics that it may not have read yet, and refuses them for good afterwards', () => {
    const rules = new ClientRules(new RulesetState(), () => 0);
    const conversion = { targetingKey: 'u', metric: 'taps', occurredAt: '2026-03-01T00:00:00Z' };
    expect(() => rules.refuseConversion(conversion)).toThrow(expect.objectContaining({ code: 'unavailable' }));
    rules.metricChanged({ key: 'taps', clientWritable: true } as MetricDefinition);
    expect(rules.refuseConversion(conversion)).toBeNull();
    rules.metricsRead();
    expect(rules.refuseConversion({ ...conversion, metric: 'other' })).toContain('not open to client keys');
  });

  it('judges a version that it has never seen by what is served now', () => {
    expect(served([rule(0)]).refuseExposure('production', exposure(7, 'ai'))).toBeNull();
  });
});

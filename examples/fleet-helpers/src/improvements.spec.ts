import { Pataka } from '@pataka/node';
import { FleetTracking, improvementOf } from './improvements';

describe('FleetTracking', () => {
  const told = (track: (tracking: FleetTracking) => void) => {
    const pataka = Pataka.forTesting({});
    track(new FleetTracking(pataka));
    return pataka.takeEvents();
  };

  it('tells a driver’s improvement in percent, with both scores', () => {
    expect(told((tracking) => tracking.trackDriverPerformanceImprovement(9_007_199_254_740_993n, 80, 92))).toEqual([expect.objectContaining({
      type: 'conversion', targetingKey: '9007199254740993', metric: 'performance_improvement', value: 15, properties: { old_score: 80, new_score: 92, user_type: 'driver' },
    })]);
  });

  it('credits a vehicle’s improvement to its owner', () => {
    expect(told((tracking) => tracking.trackFuelEfficiencyImprovement(77, 5, 4, 3, 'truck_20t'))).toEqual([expect.objectContaining({
      type: 'conversion', targetingKey: '5', metric: 'fuel_efficiency_improvement', value: -25,
      properties: { vehicle_id: '77', old_efficiency: 4, new_efficiency: 3, vehicle_type: 'truck_20t' },
    })]);
  });

  it.each([[0, 5], [-0, 5], [Number.NaN, 5], [5, Number.NaN], [Number.POSITIVE_INFINITY, 5], [5, Number.POSITIVE_INFINITY], [5e-324, 5e300]])('refuses to compare %d with %d, and sends nothing', (before, after) => {
    expect(() => improvementOf(before, after)).toThrow(RangeError);
    expect(told((tracking) => expect(() => tracking.trackDriverPerformanceImprovement(1, before, after)).toThrow(RangeError))).toEqual([]);
  });
});

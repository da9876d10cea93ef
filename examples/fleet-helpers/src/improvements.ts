import type { Pataka } from '@pataka/node';
import type { UserId } from './fleet-helpers';

/**
 * By how many percent something has risen.
 * @throws RangeError where there is no such percentage: nothing to compare with, or no number at all
 */
export const improvementOf = (before: number, after: number): number => {
  if (!Number.isFinite(before) || !Number.isFinite(after)) throw new RangeError(`no improvement can be told from ${before} to ${after}`);
  if (before === 0) throw new RangeError('no improvement can be told from 0: it would be infinite');
  const improvement = ((after - before) / before) * 100;
  if (!Number.isFinite(improvement)) throw new RangeError(`the improvement from ${before} to ${after} is beyond every number`);
  return improvement;
};

/** What a fleet's services tell of the people and vehicles that got better or worse. */
export class FleetTracking {
  constructor(private readonly pataka: Pick<Pataka, 'track'>) {}

  /** Counts for every experiment that the driver is in: nobody has to look up the assignments. */
  trackDriverPerformanceImprovement(driverId: UserId, oldScore: number, newScore: number): void {
    this.pataka.track('performance_improvement', { user_id: String(driverId) }, {
      value: improvementOf(oldScore, newScore), properties: { old_score: oldScore, new_score: newScore, user_type: 'driver' },
    });
  }

  /** Credited to the vehicle's owner, who is the one in an experiment. In km/L, or any unit where more is better. */
  trackFuelEfficiencyImprovement(vehicleId: UserId, ownerId: UserId, oldEfficiency: number, newEfficiency: number, vehicleType: string): void {
    this.pataka.track('fuel_efficiency_improvement', { user_id: String(ownerId) }, {
      value: improvementOf(oldEfficiency, newEfficiency),
      properties: { vehicle_id: String(vehicleId), old_efficiency: oldEfficiency, new_efficiency: newEfficiency, vehicle_type: vehicleType },
    });
  }
}

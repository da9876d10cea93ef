import type { Pataka } from '@pataka/node';
import { getRoutingAlgorithm, isNewDriverScoringEnabled, type UserId } from './fleet-helpers';

/** What is known of a driver's trips: incidents of each kind per 100 km. */
export type Trips = Readonly<Record<string, number>>;

const basicScore = (trips: Trips): number => 100 - 10 * Object.values(trips).reduce((sum, incidents) => sum + incidents, 0);

const weightedScore = (trips: Trips, weights: Readonly<Record<string, number>>): number =>
  100 - 25 * Object.entries(weights).reduce((sum, [kind, weight]) => sum + weight * (trips[kind] ?? 0), 0);

/** A driver's score, from 0 to 100, by the algorithm that the flag says. */
export const calculateDriverScore = (pataka: Pataka, driverId: UserId, trips: Trips): number => {
  const { config } = isNewDriverScoringEnabled(pataka, driverId, 'driver');
  const score = config?.algorithm === 'ml_v2' && config.weights !== undefined ? weightedScore(trips, config.weights) : basicScore(trips);
  return Math.min(100, Math.max(0, score));
};

type Fleet = { readonly size: number; readonly region: string };
type Optimise = (kilometres: number) => number;

/** How many kilometres each algorithm leaves of a route. */
const optimisers: Readonly<Record<string, Optimise>> = {
  ai_advanced: (kilometres) => kilometres * 0.88,
  ai_basic: (kilometres) => kilometres * 0.92,
  traffic_aware: (kilometres) => kilometres * 0.96,
};

/** The length of a route once it is optimised; an algorithm that this release does not know is the basic one. */
export const optimiseRoute = (pataka: Pataka, userId: UserId, fleet: Fleet, kilometres: number): number => {
  const optimise = optimisers[getRoutingAlgorithm(pataka, userId, fleet.size, fleet.region)];
  return optimise === undefined ? kilometres : optimise(kilometres);
};

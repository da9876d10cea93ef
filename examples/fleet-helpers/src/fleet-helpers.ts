import type { Pataka } from '@pataka/node';

/** A user's id: 64 bits, so as text where a number would lose digits. */
export type UserId = string | number | bigint;

export type ScoringConfig = { readonly enabled: true; readonly algorithm?: string; readonly weights?: Readonly<Record<string, number>> };
export type DriverScoring = { readonly enabled: boolean; readonly config: ScoringConfig | null };
export type FuelPredictionConfig = { readonly enabled: boolean; readonly [setting: string]: unknown };

const NO_SCORING: DriverScoring = { enabled: false, config: null };
const NO_PREDICTION: FuelPredictionConfig = { enabled: false };

const isScoringConfig = (value: unknown): value is ScoringConfig => typeof value === 'object' && value !== null && (value as { enabled?: unknown }).enabled === true;

/** The flag may say yes or no, or be a configuration that is enabled; anything else means no. */
export const isNewDriverScoringEnabled = (pataka: Pataka, userId: UserId, role: string): DriverScoring => {
  const value = pataka.value<unknown>('driver_scoring_v2', null, { user_id: String(userId), role });
  if (isScoringConfig(value)) return { enabled: true, config: value };
  return value === true ? { enabled: true, config: null } : NO_SCORING;
};

/** `basic` wherever there is nothing better. */
export const getRoutingAlgorithm = (pataka: Pataka, userId: UserId, fleetSize: number, region: string): string =>
  pataka.string('routing_algorithm', 'basic', { user_id: String(userId), fleet_size: fleetSize, region });

/** Decided by the vehicle alone: no user takes part, so a percentage on this flag needs `bucketBy`. */
export const getFuelPredictionConfig = (pataka: Pataka, vehicleType: string): FuelPredictionConfig =>
  pataka.json('fuel_prediction_ml', NO_PREDICTION, { vehicle_type: vehicleType });

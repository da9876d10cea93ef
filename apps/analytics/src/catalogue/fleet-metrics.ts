import type { MetricDefinition } from '@pataka/contracts';

const DAY_HOURS = 24;
const QUARTER = 90 * DAY_HOURS;

/** One number per subject: the mean of what was measured of it; subjects without a measurement say nothing. */
const measured = { type: 'mean', aggregation: 'mean', population: 'converted', windowHours: QUARTER } as const;
/** Did it happen to a subject at all? */
const happened = { type: 'conversion', windowHours: QUARTER } as const;
const success = { role: 'success', direction: 'increase' } as const;
const safety = { role: 'safety', direction: 'decrease' } as const;

/** What a fleet measures, there at the first start. Each is defined once: what somebody makes of it afterwards stays. */
export const fleetMetrics: readonly MetricDefinition[] = [
  { key: 'fuel_l_per_100km', name: 'Fuel used, L/100 km', owner: 'fleet-operations', ...measured, role: 'success', direction: 'decrease', unit: 'L/100km', cap: 200 },
  { key: 'fuel_km_per_l', name: 'Fuel economy, km/L', owner: 'fleet-operations', ...measured, ...success, unit: 'km/L', cap: 100 },
  { key: 'fuel_efficiency_improvement', name: 'Fuel efficiency, change in %', owner: 'fleet-operations', ...measured, ...success, unit: '%', cap: 1000 },
  { key: 'driver_score', name: 'Driver score', owner: 'driver-experience', ...measured, ...success, unit: 'points', cap: 100 },
  { key: 'performance_improvement', name: 'Driver score, change in %', owner: 'driver-experience', ...measured, ...success, unit: '%', cap: 1000 },
  { key: 'driver_retention', name: 'Drivers who stay', owner: 'driver-experience', ...happened, ...success, unit: 'share' },
  { key: 'driver_satisfaction', name: 'Driver satisfaction, 1 to 5', owner: 'driver-experience', ...measured, ...success, unit: 'stars', cap: 5 },
  { key: 'customer_satisfaction', name: 'Customer satisfaction, 1 to 5', owner: 'customer-success', ...measured, ...success, unit: 'stars', cap: 5 },
  { key: 'route_time_saved', name: 'Time saved a route', owner: 'routing', ...measured, ...success, unit: 'min', cap: 1440 },
  { key: 'route_distance_saved', name: 'Distance saved a route', owner: 'routing', ...measured, ...success, unit: 'km', cap: 5000 },
  {
    key: 'revenue_per_vehicle', name: 'Revenue per vehicle', owner: 'business', type: 'mean', aggregation: 'sum', population: 'exposed', windowHours: 30 * DAY_HOURS,
    ...success, unit: 'INR', cap: 10_000_000,
  },
  { key: 'language_engagement', name: 'Use of the own language', owner: 'localisation', ...happened, ...success, unit: 'share' },
  { key: 'payment_success', name: 'Payments that went through', owner: 'payments', ...happened, ...success, unit: 'share' },
  { key: 'accidents', name: 'Accidents', owner: 'safety', ...happened, ...safety, unit: 'share' },
  {
    key: 'harsh_braking', name: 'Harsh braking', owner: 'safety', type: 'mean', aggregation: 'count', population: 'exposed', windowHours: 30 * DAY_HOURS,
    ...safety, unit: 'events', cap: 10_000,
  },
];

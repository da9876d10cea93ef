/** One figure that tells how the business does, of all conversions of one name, whoever is in an experiment. */
export interface KpiDefinition {
  key: string; name: string;
  /** Name of the conversions. */
  metric: string;
  unit: string; direction: 'increase' | 'decrease';
  /** What of a day's conversions it is. */
  figure: 'mean' | 'sum';
}

/** The specification's five; route optimisation is two figures, and so is satisfaction. */
export const kpiDefinitions: readonly KpiDefinition[] = [
  { key: 'fuel_efficiency', name: 'Fuel efficiency', metric: 'fuel_l_per_100km', unit: 'L/100km', direction: 'decrease', figure: 'mean' },
  { key: 'driver_performance', name: 'Driver performance', metric: 'driver_score', unit: 'points', direction: 'increase', figure: 'mean' },
  { key: 'route_time_saved', name: 'Time saved by routing', metric: 'route_time_saved', unit: 'min', direction: 'increase', figure: 'sum' },
  { key: 'route_distance_saved', name: 'Distance saved by routing', metric: 'route_distance_saved', unit: 'km', direction: 'increase', figure: 'sum' },
  { key: 'customer_satisfaction', name: 'Customer satisfaction', metric: 'customer_satisfaction', unit: 'stars', direction: 'increase', figure: 'mean' },
  { key: 'driver_satisfaction', name: 'Driver satisfaction', metric: 'driver_satisfaction', unit: 'stars', direction: 'increase', figure: 'mean' },
  { key: 'revenue_per_vehicle', name: 'Revenue per vehicle', metric: 'revenue_per_vehicle', unit: 'INR', direction: 'increase', figure: 'mean' },
];

import { camelCased } from './camel-case';

describe('camelCased', () => {
  it('renames members and leaves what is the user’s', () => {
    expect(camelCased({ default_value: { some_key: 1 }, environments: { my_env: { rules: [{ bucket_by: 'fleet_id', conditions: [{ attribute: 'fleet_size', value: { a_b: 1 } }] }] } } }))
      .toEqual({ defaultValue: { some_key: 1 }, environments: { my_env: { rules: [{ bucketBy: 'fleet_id', conditions: [{ attribute: 'fleet_size', value: { a_b: 1 } }] }] } } });
  });

  it('renames what is said of a metric, not the metric', () => {
    expect(camelCased({ strategy: { success_thresholds: { driver_retention: { value: 0.9, minimum_sample: 500 }, trip_time: 8 } } }))
      .toEqual({ strategy: { successThresholds: { driver_retention: { value: 0.9, minimumSample: 500 }, trip_time: 8 } } });
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Pataka, type Ruleset } from '@pataka/node';
import { parse } from 'yaml';
import { calculateDriverScore, optimiseRoute } from './driver-service';
import { getFuelPredictionConfig, getRoutingAlgorithm, isNewDriverScoringEnabled } from './fleet-helpers';

const { flags } = parse(readFileSync(join(__dirname, '../flags.yaml'), 'utf8')) as Pick<Ruleset, 'flags'>;
const pataka = Pataka.fromRuleset({ environment: 'production', position: 1, flags, segments: [], regions: [], calendars: [] });
const nothing = Pataka.forTesting({});
const drivers = Array.from({ length: 2_000 }, (_, index) => String(9_007_199_254_740_993n + BigInt(index)));
const scored = drivers.find((driver) => isNewDriverScoringEnabled(pataka, driver, 'driver').enabled)!;

describe('isNewDriverScoringEnabled', () => {
  it('is on for half of the drivers, with its configuration, and for nobody else', () => {
    const share = drivers.filter((driver) => isNewDriverScoringEnabled(pataka, driver, 'driver').enabled).length / drivers.length;
    expect(share).toBeCloseTo(0.5, 1);
    expect(isNewDriverScoringEnabled(pataka, scored, 'driver').config).toMatchObject({ algorithm: 'ml_v2' });
    expect(isNewDriverScoringEnabled(pataka, scored, 'fleet_manager')).toEqual({ enabled: false, config: null });
  });

  it('takes a flag that only says yes or no', () => {
    expect(isNewDriverScoringEnabled(Pataka.forTesting({ driver_scoring_v2: true }), 7, 'driver')).toEqual({ enabled: true, config: null });
    expect(isNewDriverScoringEnabled(Pataka.forTesting({ driver_scoring_v2: 'yes' }), 7, 'driver').enabled).toBe(false);
    expect(isNewDriverScoringEnabled(nothing, 7, 'driver').enabled).toBe(false);
  });
});

describe('getRoutingAlgorithm', () => {
  it.each<[number, string, string]>([[60, 'pune', 'ai_advanced'], [60, 'delhi', 'traffic_aware'], [20, 'mumbai', 'traffic_aware'], [19, 'mumbai', 'basic']])('for %i vehicles in %s is %s', (size, region, algorithm) => {
    expect(getRoutingAlgorithm(pataka, 7n, size, region)).toBe(algorithm);
  });

  it('is basic where nothing is known, or the flag is of another type', () => {
    expect(getRoutingAlgorithm(nothing, 7, 60, 'pune')).toBe('basic');
    expect(getRoutingAlgorithm(Pataka.forTesting({ routing_algorithm: true }), 7, 60, 'pune')).toBe('basic');
  });
});

describe('getFuelPredictionConfig', () => {
  it('depends on the vehicle', () => {
    expect(getFuelPredictionConfig(pataka, 'truck_20t')).toMatchObject({ enabled: true, model: 'gradient_boosting' });
    expect(getFuelPredictionConfig(pataka, 'auto')).toEqual({ enabled: false });
    expect(getFuelPredictionConfig(nothing, 'truck_20t')).toEqual({ enabled: false });
  });
});

describe('the services that use them', () => {
  it('score by the algorithm of the driver', () => {
    const trips = { harsh_braking: 1, speeding: 1 };
    expect([calculateDriverScore(pataka, scored, trips), calculateDriverScore(nothing, scored, trips)]).toEqual([80, 80]);
    expect([calculateDriverScore(pataka, scored, { idling: 2 }), calculateDriverScore(nothing, scored, { idling: 2 })]).toEqual([90, 80]);
  });

  it('route by the algorithm of the fleet, and by the basic one where theirs is unknown', () => {
    expect(optimiseRoute(pataka, 7, { size: 60, region: 'pune' }, 100)).toBe(88);
    expect(optimiseRoute(Pataka.forTesting({ routing_algorithm: 'quantum' }), 7, { size: 60, region: 'pune' }, 100)).toBe(100);
  });
});

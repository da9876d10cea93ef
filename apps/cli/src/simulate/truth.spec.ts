import { resolve } from 'node:path';
import { readTruth, worldOf } from './truth';

const variants = [{ id: 'control', weight: 0.5, config: 'a', isControl: true }, { id: 'ml_v2_hindi', weight: 0.5, config: 'b' }];
const file = readTruth(resolve(__dirname, '../../../../examples/simulations/hindi-driver-scoring.yaml'));

describe('what is true', () => {
  it('is as the file says', () => {
    expect(worldOf(file, variants, { aa: false, set: [] })).toMatchObject({ subjectsPerDay: 4000, regions: { north: 0.35 }, truth: { ml_v2_hindi: { driver_retention: 0.93 } } });
  });
  it('is the same for everyone where there is no effect', () => {
    const { truth } = worldOf(file, variants, { aa: true, set: [] });
    expect(truth['ml_v2_hindi']).toEqual(truth['control']);
  });
  it('is set to something else, as a rate or as a mean', () => {
    const { truth } = worldOf(file, variants, { aa: false, set: ['ml_v2_hindi:driver_retention=0.7', 'ml_v2_hindi:driver_score=50'] });
    expect(truth['ml_v2_hindi']).toMatchObject({ driver_retention: 0.7, driver_score: { mean: 50, sd: 12 } });
  });
  it.each(['ml_v2_hindi:driver_retention=1.2', 'ml_v2_hindi:nothing=1', 'nobody:driver_retention=0.5', 'rubbish', 'ml_v2_hindi:driver_retention=x'])('is not set by %s', (assignment) => {
    expect(() => worldOf(file, variants, { aa: false, set: [assignment] })).toThrow('--set');
  });
  it('says something of every variant', () => {
    expect(() => worldOf(file, [...variants, { id: 'third', weight: 0, config: 'c' }], { aa: false, set: [] })).toThrow('says nothing of third');
  });
});

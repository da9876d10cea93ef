import { routes } from '@pataka/contracts';
import { serviceOf } from './service-of';

describe('serviceOf', () => {
  const own = routes.filter(({ path }) => path !== '/' && !path.startsWith('/health') && path !== '/metrics' && path !== '/openapi.json');

  it.each(own.map((route) => [route.path, route.service]))('sends %s to %s', (path, service) => {
    expect(serviceOf(path.replaceAll(/\{\w+\}/g, 'x'))).toBe(service);
  });

  it('knows whose results are whose', () => {
    expect(serviceOf('/api/experiments/exp_1/results')).toBe('analytics');
    expect(serviceOf('/api/experiments/exp_1/rollout')).toBe('experiment-orchestrator');
  });

  it.each(['/nowhere', '/api', '/api/flags/a/b/c/d', ''])('has nobody for %s', (path) => {
    expect(serviceOf(path)).toBeNull();
  });
});

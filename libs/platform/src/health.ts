/** How one dependency or duty stands: `warn` works but not as it should (stale, degraded), `fail` means no traffic, please. */
export interface HealthCheck { status: 'pass' | 'warn' | 'fail'; detail?: string; [fact: string]: unknown }

/** Checks by name; each answers at once from what is known, and touches nothing. */
export type HealthChecks = Record<string, () => HealthCheck>;

/** The worst of the checks, and each of them. */
export interface Health { status: HealthCheck['status']; checks: Record<string, HealthCheck> }

const severity = { pass: 0, warn: 1, fail: 2 } as const;

const run = (check: () => HealthCheck): HealthCheck => {
  try {
    return check();
  } catch {
    return { status: 'fail', detail: 'the check itself failed' };
  }
};

/** Runs every check; a check that throws has failed. */
export const healthOf = (checks: HealthChecks): Health => {
  const results = Object.fromEntries(Object.entries(checks).map(([name, check]) => [name, run(check)]));
  const status = Object.values(results).reduce<HealthCheck['status']>((worst, { status: next }) => (severity[next] > severity[worst] ? next : worst), 'pass');
  return { status, checks: results };
};

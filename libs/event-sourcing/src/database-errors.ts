import { Unavailable } from './unavailable';

// Connection exceptions (08), operator intervention (57P), too many connections, disk full, read-only after a failover, statement time-out, I/O error.
const AWAY_STATES = /^(08...|57P0.|53300|53100|53200|25006|57014|58030|25P03)$/;
const AWAY_CODES = /^(ECONN|ENOTFOUND$|EAI_|ETIMEDOUT$|EPIPE$|EHOST|ENET)/;
// pg and pg-pool raise these without a code.
const AWAY_MESSAGES = /connection terminated|timeout exceeded when trying to connect|not queryable|query read timeout|client was closed|query runner already released|socket.*(ended|closed)|cannot use a pool after/i;
// serialization failure, deadlock, lock not available
const COLLISIONS = new Set(['40001', '40P01', '55P03']);

/** The error's code: SQLSTATE, or the system's own (`ECONNREFUSED`); '' where it has none. */
export const errorCode = (error: unknown): string => {
  if (typeof error !== 'object' || error === null) return '';
  const { code, driverError } = error as { code?: unknown; driverError?: { code?: unknown } };
  if (typeof driverError?.code === 'string') return driverError.code;
  return typeof code === 'string' ? code : '';
};

/** The name of the constraint that a row broke, '' for other errors. */
export const brokenConstraint = (error: unknown): string => {
  if (!errorCode(error).startsWith('23')) return '';
  const { constraint, driverError } = error as { constraint?: string; driverError?: { constraint?: string } };
  return driverError?.constraint ?? constraint ?? '';
};

/** Another transaction was in the way: the same work may succeed at once. */
export const isCollision = (error: unknown): boolean => COLLISIONS.has(errorCode(error));

/** The database cannot be reached, is shutting down or is overwhelmed. */
export const isAway = (error: unknown): boolean => {
  if (error instanceof Unavailable) return error.dependency === 'database';
  const code = errorCode(error);
  if (code !== '') return AWAY_STATES.test(code) || AWAY_CODES.test(code);
  return error instanceof Error && AWAY_MESSAGES.test(error.message);
};

/** May work later without anyone's doing: a dependency is away, or another transaction is in the way. */
export const isTransient = (error: unknown): boolean => error instanceof Unavailable || isCollision(error) || isAway(error);

/** What callers see: `Unavailable` for all that is transient, anything else as it is. */
export const asUnavailable = (error: unknown): unknown => {
  if (error instanceof Unavailable || !isTransient(error)) return error;
  return new Unavailable('database', { cause: error });
};

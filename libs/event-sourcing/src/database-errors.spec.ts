import { asUnavailable, brokenConstraint, errorCode, isCollision, isTransient } from './database-errors';
import { Unavailable } from './unavailable';

const withCode = (code: string): Error => Object.assign(new Error('x'), { code });
const fromDriver = (code: string): Error => Object.assign(new Error('x'), { driverError: withCode(code) });

it.each(['57P01', '57P02', '57P03', '53300', '08006', '08P01', '57014', '25006', 'ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EPIPE', 'ETIMEDOUT'])('calls %s Unavailable', (code) => {
  for (const error of [withCode(code), fromDriver(code)]) expect(asUnavailable(error)).toBeInstanceOf(Unavailable);
});

it.each(['Connection terminated unexpectedly', 'timeout exceeded when trying to connect', 'Client has encountered a connection error and is not queryable'])('calls "%s" Unavailable', (message) => {
  expect(asUnavailable(new Error(message))).toBeInstanceOf(Unavailable);
});

it.each(['40001', '40P01', '55P03'])('takes %s for a collision, which may pass', (code) => {
  expect(isCollision(fromDriver(code))).toBe(true);
  expect(isTransient(fromDriver(code))).toBe(true);
});

it.each(['23505', '42P01', '22012', '', 'EACCES'])('leaves %s as it is', (code) => {
  const error = withCode(code);
  expect(asUnavailable(error)).toBe(error);
});

it('leaves alone what is no error of a driver', () => {
  const error = new TypeError('the connection of ideas');
  expect(asUnavailable(error)).toBe(error);
  expect(asUnavailable(null)).toBeNull();
  expect(errorCode('text')).toBe('');
});

it('names a broken constraint', () => {
  expect(brokenConstraint(Object.assign(new Error('x'), { driverError: { code: '23505', constraint: 'one' } }))).toBe('one');
  expect(brokenConstraint(Object.assign(new Error('x'), { code: '42P01', constraint: 'one' }))).toBe('');
});

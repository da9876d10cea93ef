import type { Details, FlagAnswer, FlagValue, JsonValue, LookOptions, Pataka, Status, Widened } from '@pataka/web';
import { useCallback, useEffect, useMemo, useSyncExternalStore } from 'react';
import { usePataka } from './provider';

const RENDERED: LookOptions = { rendered: true };

/**
 * What a component reads of one flag. It is drawn again only when what it reads changes: the client keeps equal answers identical. A page that
 * is hydrated reads once more what the server had, whatever storage and network have told since.
 */
const useRead = <T>(client: Pataka, key: string, read: (answer: FlagAnswer | undefined) => T): T => {
  const subscribe = useCallback((changed: () => void) => client.on('change', (keys) => { if (keys.includes(key)) changed(); }), [client, key]);
  return useSyncExternalStore(subscribe, () => read(client.answer(key)), () => read(client.answer(key, RENDERED)));
};

const asIs = (answer: FlagAnswer | undefined): FlagAnswer | undefined => answer;

const valueOf = (answer: FlagAnswer | undefined, kind: string): FlagValue | undefined =>
  answer !== undefined && answer.errorCode === undefined && typeof answer.value === kind ? answer.value : undefined;

/**
 * A flag's value, of the fallback's type. The component is drawn again when the value changes and at no other time.
 *
 * @param fallback - what is returned as long as there is no answer of its type; need not be memoised
 */
export const useFlag = <T extends FlagValue>(key: string, fallback: T): Widened<T> => {
  const client = usePataka();
  const value = useRead(client, key, (answer) => valueOf(answer, typeof fallback));
  // Recorded once it is on the screen: rendering itself may be repeated or thrown away.
  useEffect(() => {
    if (value !== undefined) client.expose(key);
  }, [client, key, value]);
  return (value ?? fallback) as Widened<T>;
};

/** Whether the client is `starting`, `cached`, `ready`, `stale`, `failed` or `denied`. */
export const useStatus = (): Status => {
  const client = usePataka();
  const subscribe = useCallback((changed: () => void) => client.on('status', changed), [client]);
  return useSyncExternalStore(subscribe, () => client.status, () => (client.bootstrapped ? 'ready' : 'starting'));
};

/** {@link useFlagDetails} for any fallback, `null` included. */
export const useDetails = <T extends JsonValue>(key: string, fallback: T): Details<Widened<T>> => {
  const client = usePataka();
  const answer = useRead(client, key, asIs);
  useStatus(); // what is confirmed has another reason than what is cached
  const details = client.peek(key, fallback, { rendered: answer !== client.answer(key) });
  const text = JSON.stringify(details);
  useEffect(() => {
    if (details.errorCode === undefined) client.expose(key);
  }, [client, key, answer, details.errorCode]);
  // Equal details stay the same object, for those who memoise by it; `details` is made anew each time.
  return useMemo(() => details, [text, details.value]);
};

/** A flag's value and how it came about. The component is drawn again when any of it changes. */
export const useFlagDetails = <T extends FlagValue>(key: string, fallback: T): Details<Widened<T>> =>
  useDetails(key, fallback);

/** Suspends until there is something to answer from, or the first attempt has failed. For those who would rather wait than show the fallback. */
export const useReady = (): void => {
  const client = usePataka();
  // A thrown promise is what both React 18 and 19 wait for.
  if (client.status === 'starting') throw client.ready();
};

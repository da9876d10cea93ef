/**
 * What signs requests. A member has a session cookie that no script can read; a token of the API (automation, the very first start) is kept
 * for this tab alone.
 */
const TOKEN = 'pataka.token';

type Listener = () => void;
const listeners = new Set<Listener>();

/** The API token that this tab was given; null with a session cookie, or signed out. */
export const apiToken = (): string | null => sessionStorage.getItem(TOKEN);

/** Keeps a token for this tab, or forgets it. */
export const setApiToken = (token: string | null): void => {
  if (token === null) sessionStorage.removeItem(TOKEN);
  else sessionStorage.setItem(TOKEN, token);
};

/** Called when the server no longer knows who this is. */
export const onSignedOut = (listener: Listener): (() => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

export const tellSignedOut = (): void => {
  for (const listener of listeners) listener();
};

/** Header that a page of another site cannot send without asking first: the defence of session cookies. */
export const CSRF_HEADER = 'x-pataka-csrf';

let renewing: Promise<boolean> | null = null;

const renew = async (): Promise<boolean> => {
  try {
    return (await fetch('/api/session/renewal', { method: 'POST', credentials: 'same-origin', headers: { [CSRF_HEADER]: '1' } })).ok;
  } catch {
    return false;
  }
};

/** A new session token by the renewal cookie, one for all that ask at once. False for whoever signs with a token, and for signing in itself. */
export const renewSession = async (path = ''): Promise<boolean> => {
  if (apiToken() !== null || (path.startsWith('/api/session') && path !== '/api/session')) return false;
  renewing ??= renew().finally(() => { renewing = null; });
  return renewing;
};

import { request } from '../api/client';
import { apiToken, setApiToken } from '../api/credentials';
import { queryClient } from '../api/query-client';
import { router } from '../app/router';

/** Ends the session, here or on every device, and forgets everything that was read. */
export const signOut = async ({ everywhere = false } = {}): Promise<void> => {
  // A token of the API has no session to end; and whoever cannot reach the server is signed out here all the same.
  if (apiToken() === null) await request('DELETE', '/api/session', everywhere ? { query: { everywhere: 'true' } } : {}).catch(() => undefined);
  setApiToken(null);
  queryClient.clear();
  await router.navigate({ to: '/sign-in' });
};

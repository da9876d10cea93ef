import { setApiToken } from '../api/credentials';
import { queryClient } from '../api/query-client';
import { router } from '../app/router';

/** Forgets who this was, and everything that was read. */
export const signOut = async (): Promise<void> => {
  setApiToken(null);
  queryClient.clear();
  await router.navigate({ to: '/sign-in' });
};

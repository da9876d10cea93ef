import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { isApiError } from './client';

const STALE_MS = 15_000;

/** The cache of everything read. Errors of mutations are shown by whoever started them. */
export const queryClient = new QueryClient({
  queryCache: new QueryCache(),
  mutationCache: new MutationCache(),
  defaultOptions: {
    queries: {
      staleTime: STALE_MS, refetchOnWindowFocus: true,
      // The client has tried again already where that could help.
      retry: (count, error) => count < 2 && isApiError(error, 'offline', 'unavailable', 'rate-limited'),
    },
    mutations: { retry: false },
  },
});

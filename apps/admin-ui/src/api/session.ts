import type { Principal, Role } from '@pataka/contracts';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { get } from './client';
import { keys } from './keys';

/** What a role may do; the server refuses the rest in any case. */
export type Permission = 'read' | 'manage' | 'administer';

const allowed: Readonly<Record<Role, readonly Permission[]>> = {
  admin: ['read', 'manage', 'administer'], fleet_manager: ['read', 'manage'], viewer: ['read'],
};

/** Who is signed in; a member has a name and an address, a token of the API has none. */
export type SignedIn = Principal & { name?: string; email?: string };

/** `GET /api/session`. */
export const sessionQuery = queryOptions({ queryKey: keys.session, queryFn: ({ signal }) => get<SignedIn>('/api/session', undefined, signal), staleTime: 60_000, retry: false });

export const roleOf = (principal: Principal | undefined): Role | null => (principal?.kind === 'management' ? principal.role : null);

export const mayDo = (principal: Principal | undefined, permission: Permission): boolean => {
  const role = roleOf(principal);
  return role !== null && allowed[role].includes(permission);
};

export const useSession = (): SignedIn | undefined => useQuery(sessionQuery).data;

/** Whether to offer something: `useMay('manage')` for flags, segments and experiments, `'administer'` for keys, members, environments. */
export const useMay = (permission: Permission): boolean => mayDo(useSession(), permission);

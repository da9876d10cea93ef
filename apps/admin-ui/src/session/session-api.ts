import type { Member, SignInOptions } from '@pataka/contracts';
import { queryOptions } from '@tanstack/react-query';
import { get, request } from '../api/client';
import { setApiToken } from '../api/credentials';
import { keys } from '../api/keys';
import { queryClient } from '../api/query-client';
import type { SignedIn } from '../api/session';

export const signInOptionsQuery = queryOptions({ queryKey: ['sign-in-options'], queryFn: ({ signal }) => get<SignInOptions>('/api/session/options', undefined, signal), staleTime: 30_000 });

/** Whoever was here before leaves nothing behind. */
const cameIn = (principal: SignedIn): SignedIn => {
  queryClient.clear();
  queryClient.setQueryData(keys.session, principal);
  return principal;
};

export const signInWithPassword = async (email: string, password: string): Promise<SignedIn> => {
  setApiToken(null);
  return cameIn((await request<SignedIn>('POST', '/api/session', { body: { email, password } })).data);
};

export const joinWithInvitation = async (token: string, password: string): Promise<SignedIn> => {
  setApiToken(null);
  return cameIn((await request<SignedIn>('POST', '/api/session/join', { body: { token, password } })).data);
};

/** The first member of an installation, by the token that its first start printed. */
export const makeFirstMember = async (token: string, member: Pick<Member, 'email' | 'name'> & { password: string }): Promise<SignedIn> => {
  await request('POST', '/api/members', { body: { ...member, role: 'admin' }, headers: { authorization: `Bearer ${token.trim()}` } });
  return signInWithPassword(member.email, member.password);
};

export const changePassword = async (currentPassword: string, password: string): Promise<void> => {
  queryClient.setQueryData(keys.session, (await request<SignedIn>('PUT', '/api/session/password', { body: { currentPassword, password } })).data);
};

/** Only a path of ours: never to another site. */
export const safePath = (to: string | undefined): string => (to !== undefined && /^\/(?![/\\])/.test(to) ? to : '/');

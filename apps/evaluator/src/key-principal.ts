import { DomainError, type Principal } from '@pataka/contracts';
import type { HotRequest } from '@pataka/platform';

/** Who evaluates: a key, and with it the one environment it belongs to. */
export type KeyPrincipal = Extract<Principal, { environment: string }>;

/** The key that calls. @throws DomainError `forbidden` for anybody else */
export const keyPrincipalOf = ({ principal }: HotRequest): KeyPrincipal => {
  if (principal === null || principal.kind === 'management') throw new DomainError('forbidden');
  return principal;
};

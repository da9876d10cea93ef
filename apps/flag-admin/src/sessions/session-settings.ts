import type { BlockList } from 'node:net';
import { setCookie, trustedProxies, type PlatformConfig } from '@pataka/platform';
import type { Oidc } from './oidc';
import { SESSION_LIMITS } from './session-rows';
import { TOKEN_SECONDS } from './signers';

/** How sessions are set up here: whether cookies are for TLS alone, whom to believe about addresses, and the OpenID provider, if any. */
export class SessionSettings {
  readonly secure: boolean;
  readonly proxies: BlockList;

  constructor(config: Pick<PlatformConfig, 'publicUrl' | 'trustedProxies'>, readonly oidc: Oidc | null) {
    this.secure = config.publicUrl?.startsWith('https:') === true;
    this.proxies = trustedProxies(config.trustedProxies);
  }

  cookies(token: string, renewal: string): string[] {
    const { secure } = this;
    return [setCookie('session', token, { secure, maxAgeSeconds: TOKEN_SECONDS }), setCookie('renewal', renewal, { secure, maxAgeSeconds: SESSION_LIMITS.wholeMs / 1000 })];
  }

  cleared(): string[] {
    return (['session', 'renewal'] as const).map((cookie) => setCookie(cookie, '', { secure: this.secure, maxAgeSeconds: 0 }));
  }
}

import type { IncomingMessage } from 'node:http';
import { Controller, Get, Inject, Query, Req } from '@nestjs/common';
import { DomainError } from '@pataka/contracts';
import { Answer, clientAddressOf, cookieOf, networkOf, parameter, setCookie, stateOf, type Query as QueryOf } from '@pataka/platform';
import { Members } from '../members/members';
import { OIDC_SECONDS, safeReturn, type Oidc } from './oidc';
import { SessionSettings } from './session-settings';
import { Sessions, type From } from './sessions';
import { Throttle } from './throttle';

interface Request { raw: IncomingMessage }

/** The way to an OpenID provider and back. A browser's address bar is on the way: what goes wrong is told on the sign-in page. */
@Controller('api/session/oidc')
export class OidcController {
  constructor(
    @Inject(SessionSettings) private readonly settings: SessionSettings, @Inject(Sessions) private readonly sessions: Sessions, @Inject(Members) private readonly members: Members,
    @Inject(Throttle) private readonly throttle: Throttle,
  ) {}

  @Get()
  async begin(@Req() { raw }: Request, @Query() query: QueryOf): Promise<Answer> {
    const oidc = this.provider();
    const to = safeReturn(parameter(query, 'returnTo'));
    return this.orBack([], to, async () => {
      await this.throttle.attempt(this.from(raw));
      const { url, id } = await oidc.begin(to);
      return this.redirect(url, [setCookie('oidc', id, { secure: this.settings.secure, maxAgeSeconds: OIDC_SECONDS })]);
    });
  }

  @Get('callback')
  async callback(@Req() { raw }: Request): Promise<Answer> {
    const oidc = this.provider();
    const done = setCookie('oidc', '', { secure: this.settings.secure, maxAgeSeconds: 0 });
    return this.orBack([done], null, async () => {
      const { returnTo, cookies } = await this.finish(oidc, raw);
      return this.redirect(returnTo, [done, ...cookies]);
    });
  }

  /** The sign-in page says what went wrong and what to do; it knows where one wanted to go where we do. */
  private async orBack(cookies: string[], to: string | null, work: () => Promise<Answer>): Promise<Answer> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DomainError) || error.code === 'internal') throw error;
      const reason = error.extensions['denied'] === true ? 'denied' : error.code;
      return this.redirect(`/sign-in?${new URLSearchParams({ error: reason, ...(to === null || to === '/' ? {} : { to }) }).toString()}`, cookies);
    }
  }

  private async finish(oidc: Oidc, raw: IncomingMessage): Promise<{ returnTo: string; cookies: string[] }> {
    const from = this.from(raw);
    const { details, identity, emailVerified, returnTo } = await oidc.finish(cookieOf(raw.headers, 'oidc'), (raw.url ?? '').split('?')[1] ?? '');
    const context = { meta: { actor: identity.subject.slice(0, 128), correlationId: from.correlationId, reason: `said by ${identity.issuer}`.slice(0, 1000) } };
    const member = await this.members.provide(details, identity, emailVerified, context);
    const { token, renewal } = await this.sessions.open(member, 'oidc', from);
    return { returnTo, cookies: this.settings.cookies(token, renewal) };
  }

  private provider(): Oidc {
    if (this.settings.oidc === null) throw new DomainError('not-found', 'No OpenID provider is configured here: set PATAKA_OIDC_ISSUER');
    return this.settings.oidc;
  }

  private from(raw: IncomingMessage): From {
    return { address: networkOf(clientAddressOf(raw, this.settings.proxies)), correlationId: stateOf(raw).correlationId };
  }

  private redirect(location: string, cookies: string[]): Answer {
    return new Answer(302, '', { location, 'set-cookie': cookies, 'referrer-policy': 'no-referrer' });
  }
}

import type { IncomingMessage } from 'node:http';
import { Body, Controller, Delete, Get, HttpCode, Inject, Post, Put, Query, Req } from '@nestjs/common';
import { ChangePassword, DomainError, JoinWithInvitation, parse, SignIn, type Principal, type SignInOptions } from '@pataka/contracts';
import { Answer, Caller, clientAddressOf, cookieOf, networkOf, parameter, refuseForeign, stateOf, type Query as QueryOf } from '@pataka/platform';
import { Members } from '../members/members';
import { SessionSettings } from './session-settings';
import { Sessions, type From, type SignedIn } from './sessions';

interface Request { raw: IncomingMessage }

/** Signing in and out, for browsers: what they keep is in cookies that no script can read. */
@Controller()
export class SessionController {
  constructor(
    @Inject(Sessions) private readonly sessions: Sessions, @Inject(Members) private readonly members: Members, @Inject(SessionSettings) private readonly settings: SessionSettings,
  ) {}

  @Get()
  about(): object {
    return {
      name: 'Pataka', description: 'Feature flags and experiments for fleets',
      signIn: 'Send Authorization: Bearer <token>, or X-API-Key: <token>; the bootstrap tokens were printed at the first start',
      links: { flags: '/api/flags', experiments: '/api/experiments', session: '/api/session', health: '/health/ready', description: '/openapi.json' },
    };
  }

  @Get('api/session')
  async session(@Caller() principal: Principal): Promise<object> {
    const member = principal.kind === 'management' && principal.session !== undefined ? await this.members.byId(principal.subject) : null;
    return member === null ? principal : { ...principal, name: member.name, email: member.email };
  }

  @Get('api/session/options')
  async options(): Promise<SignInOptions> {
    const members = await this.members.all();
    const { oidc } = this.settings;
    return { firstRun: members.every((member) => member.removedAt !== undefined), password: true, oidc: oidc === null ? null : { name: oidc.name } };
  }

  @Post('api/session')
  @HttpCode(200)
  async signIn(@Req() { raw }: Request, @Body() body: unknown): Promise<Answer> {
    refuseForeign('POST', raw.headers);
    const { email, password } = parse(SignIn, body);
    return this.signedIn(await this.sessions.signIn(email, password, this.from(raw)));
  }

  @Post('api/session/renewal')
  @HttpCode(200)
  async renew(@Req() { raw }: Request): Promise<Answer> {
    refuseForeign('POST', raw.headers);
    return this.signedIn(await this.sessions.renew(cookieOf(raw.headers, 'renewal')));
  }

  @Post('api/session/join')
  @HttpCode(200)
  async join(@Req() { raw }: Request, @Body() body: unknown): Promise<Answer> {
    refuseForeign('POST', raw.headers);
    const { token, password } = parse(JoinWithInvitation, body);
    return this.signedIn(await this.sessions.join(token, password, this.from(raw)));
  }

  @Put('api/session/password')
  async changePassword(@Req() { raw }: Request, @Caller() principal: Principal, @Body() body: unknown): Promise<Answer> {
    if (principal.kind !== 'management' || principal.session === undefined) throw new DomainError('illegal-transition', 'Only a member who is signed in has a password: keys have none');
    const { currentPassword, password } = parse(ChangePassword, body);
    return this.signedIn(await this.sessions.changePassword(principal.subject, currentPassword, password, this.from(raw)));
  }

  @Delete('api/session')
  async signOut(@Req() { raw }: Request, @Query() query: QueryOf): Promise<Answer> {
    refuseForeign('DELETE', raw.headers);
    await this.sessions.signOut(cookieOf(raw.headers, 'renewal'), parameter(query, 'everywhere') === 'true', this.from(raw));
    return new Answer(204, undefined, { 'set-cookie': this.settings.cleared() });
  }

  private from(raw: IncomingMessage): From {
    return { address: networkOf(clientAddressOf(raw, this.settings.proxies)), correlationId: stateOf(raw).correlationId };
  }

  private signedIn({ member, session, token, expiresAt, renewal }: SignedIn): Answer {
    const body = { kind: 'management', role: member.role, keyId: session.id, subject: member.id, session: { id: session.id, expiresAt }, name: member.name, email: member.email };
    return new Answer(200, body, { 'set-cookie': this.settings.cookies(token, renewal) });
  }
}

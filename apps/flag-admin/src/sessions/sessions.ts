import { DomainError, type EndedSession, type Member } from '@pataka/contracts';
import { handle, uuidv7, type EventStore } from '@pataka/event-sourcing';
import type { AccessDirectory } from '@pataka/platform';
import type { Members } from '../members/members';
import type { Passwords } from '../members/passwords';
import type { Invitations } from '../members/invitations';
import type { SessionRow, SessionRows, SignInMethod } from './session-rows';
import { sessionAggregate, type SessionEvent } from './session.decider';
import { TOKEN_SECONDS, type Signers } from './signers';
import type { Attempt, Overstep, Throttle } from './throttle';

interface Parts {
  store: EventStore; directory: AccessDirectory; members: Members; passwords: Passwords; invitations: Invitations; rows: SessionRows; signers: Signers; throttle: Throttle; now: () => number; onError: (error: Error) => void;
}

/** A browser that is signed in: what goes into its two cookies, and who it is. */
export interface SignedIn { member: Member; session: SessionRow; token: string; expiresAt: string; renewal: string }
export type From = Attempt;

// Longer than any token of the session may hold, with clocks that differ.
const ENDED_MS = (TOKEN_SECONDS + 120) * 1000;

const refusal = (): DomainError => new DomainError('unauthenticated', 'Address and password do not belong together');

/** Signing in and out, and everything between. */
export class Sessions {
  constructor(private readonly parts: Parts) {}

  /** Costs the same and answers the same whether the account is unknown, has no password, or has another one. */
  async signIn(email: string, password: string, from: From): Promise<SignedIn> {
    const { members, passwords, throttle } = this.parts;
    const forgive = await throttle.attempt(from, email.normalize('NFC').toLowerCase());
    const member = await members.byEmail(email);
    if (!(await passwords.matches(member?.id ?? null, password)) || member === null) {
      if (member !== null) this.refused(member, from);
      throw refusal();
    }
    await forgive();
    return this.open(member, 'password', from);
  }

  /** Chooses a password with an invitation, which is used up by that. */
  async join(token: string, password: string, from: From): Promise<SignedIn> {
    const { members, invitations, throttle } = this.parts;
    const forgive = await throttle.attempt(from);
    const id = await invitations.memberOf(token);
    if (id === null) throw new DomainError('unauthenticated', 'This invitation has been used or is too old: ask an admin for a new one');
    await members.setPassword(id, password, { meta: { actor: id, correlationId: from.correlationId, reason: 'chosen with an invitation' } });
    await forgive();
    return this.open((await members.find(id)).document, 'invitation', from);
  }

  /** A new password takes the old one to set; every other session ends, this one goes on as a new one. */
  async changePassword(member: string, currentPassword: string, password: string, from: From): Promise<SignedIn> {
    const { members, passwords, throttle } = this.parts;
    const { document } = await members.find(member);
    const forgive = await throttle.attempt(from, document.email.normalize('NFC').toLowerCase());
    if (!(await passwords.matches(member, currentPassword))) {
      this.refused(document, from);
      throw new DomainError('validation', '1 fault in the request', [{ pointer: '/currentPassword', detail: 'is not the present password' }]);
    }
    await members.setPassword(member, password, { meta: { actor: member, correlationId: from.correlationId, reason: 'changed by the member' } });
    await forgive();
    return this.open((await members.find(member)).document, 'password', from);
  }

  async open(member: Member, method: SignInMethod, from: From): Promise<SignedIn> {
    const { session, renewal } = await this.parts.rows.open(member.id, method);
    await this.note({ type: 'session.opened', data: { id: session.id, member: member.id, method, address: from.address } }, member.id, from);
    return { member, session, renewal, ...(await this.parts.signers.sign(member.id, session.id)) };
  }

  /** A new token by the renewal cookie. @throws DomainError `unauthenticated` once the session is over */
  async renew(renewal: string | null): Promise<SignedIn> {
    const session = await this.parts.rows.use(renewal);
    const member = session === null ? null : await this.parts.members.byId(session.member);
    if (session === null || member === null || renewal === null || session.createdAt < (member.validFrom ?? '')) throw new DomainError('unauthenticated', 'The session is over: sign in again');
    return { member, session, renewal, ...(await this.parts.signers.sign(member.id, session.id)) };
  }

  /** Ends a session everywhere: here at once, elsewhere with the next record of access-changes. */
  async signOut(renewal: string | null, everywhere: boolean, from: From): Promise<void> {
    const session = await this.parts.rows.use(renewal);
    if (session === null) return;
    const { id, member } = session;
    await this.parts.rows.end(id);
    const ended: EndedSession = { id, member, until: new Date(this.parts.now() + ENDED_MS).toISOString() };
    await this.note({ type: 'session.closed', data: { ...ended } }, member, from);
    this.parts.directory.apply({ kind: 'session', change: 'revoked', actor: member, id, after: { ...ended } }, this.parts.directory.position());
    if (everywhere) await this.parts.members.endSessions(member, { meta: { actor: member, correlationId: from.correlationId, reason: 'signed out everywhere' } });
  }

  /** Written down behind the answer: how long that takes would tell that there is such an account. */
  private refused(member: Member, from: From): void {
    const event: SessionEvent = { type: 'session.refused', data: { id: `ref_${uuidv7()}`, member: member.id, method: 'password', address: from.address } };
    this.note(event, 'anonymous', from).catch(this.parts.onError);
  }

  /** Written down behind the answer, as a refusal is, and once for each place, account and time: whoever goes on guessing writes nothing more. What was typed as an account stays out, since people type passwords there. */
  throttled({ limit, account, address, correlationId, until }: Overstep): void {
    const write = async (): Promise<void> => {
      const member = account === null ? null : await this.parts.members.byEmail(account);
      await this.note({ type: 'session.throttled', data: { id: `thr_${uuidv7()}`, ...(member === null ? {} : { member: member.id }), limit, address, until } }, 'anonymous', { address, correlationId });
    };
    write().catch(this.parts.onError);
  }

  private async note(event: SessionEvent, actor: string, { correlationId }: From): Promise<void> {
    await handle(this.parts.store, sessionAggregate, event.data.id, event, { meta: { actor, correlationId } });
  }
}

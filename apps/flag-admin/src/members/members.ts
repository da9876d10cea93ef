import { randomBytes } from 'node:crypto';
import { DomainError, type Member } from '@pataka/contracts';
import { handle, type CommandContext, type EventStore, type Handled, type Sql } from '@pataka/event-sourcing';
import type { AccessFeed } from '../keys/access-feed';
import type { SessionRows } from '../sessions/session-rows';
import type { Invitation, Invitations } from './invitations';
import { memberAggregate, sameEmail, type MemberCommand, type MemberEvent, type MemberState } from './member.decider';
import { passwordFault, type Passwords } from './passwords';

interface Parts { store: EventStore; access: AccessFeed; passwords: Passwords; invitations: Invitations; rows: SessionRows }

/** What a command does besides its event, in the same transaction. */
type Beside = (sql: Sql) => Promise<void>;
type Build = (others: readonly Member[], state: MemberState) => MemberCommand;

const newId = (): string => `mem_${randomBytes(10).toString('hex')}`;

const textOf = (body: unknown, name: string): string | undefined => {
  const value = typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined;
  return typeof value === 'string' ? value : undefined;
};

/** Members, and what belongs to them but is no event: password, invitation, sessions. */
export class Members {
  constructor(private readonly parts: Parts) {}

  async all(sql?: Sql): Promise<Member[]> {
    return (await this.parts.store.documents<Member>('member', sql === undefined ? {} : { sql })).map((row) => row.document);
  }

  /** Everybody who is not removed, some of them. */
  async page(after: string, limit: number): Promise<Member[]> {
    return (await this.all()).filter((member) => member.removedAt === undefined && member.id > after).slice(0, limit);
  }

  async find(id: string): Promise<{ document: Member; version: number }> {
    const found = await this.parts.store.document<Member>('member', id);
    if (found === null || found.document.removedAt !== undefined) throw new DomainError('not-found', 'There is no such member');
    return found;
  }

  /** null where somebody was removed, or never was. */
  async byId(id: string): Promise<Member | null> {
    const found = await this.parts.store.document<Member>('member', id);
    return found === null || found.document.removedAt !== undefined ? null : found.document;
  }

  async byEmail(email: string): Promise<Member | null> {
    return (await this.all()).find((member) => member.removedAt === undefined && sameEmail(member.email, email)) ?? null;
  }

  async byIdentity(issuer: string, subject: string): Promise<Member | null> {
    return (await this.all()).find((member) => member.removedAt === undefined && member.identity?.issuer === issuer && member.identity.subject === subject) ?? null;
  }

  /** Without a password the answer has an invitation. A repeated request gets the first answer without it: it was never kept. */
  async create(body: unknown, context: CommandContext): Promise<Handled<Member> & { invitation?: Invitation }> {
    const id = newId();
    const password = textOf(body, 'password');
    const fault = password === undefined ? null : passwordFault(password, [textOf(body, 'name') ?? '', textOf(body, 'email') ?? '']);
    // What is refused anyway needs no hash.
    const hash = password === undefined || fault !== null || password.length > 256 ? null : await this.parts.passwords.hashOf(password);
    let invitation: Invitation | undefined;
    const handled = await this.run(id, context, (others) => ({ type: 'create', id, body, others, passwordFault: fault }), async (sql) => {
      if (hash === null) invitation = await this.parts.invitations.make(sql, id);
      else await this.parts.passwords.keep(sql, id, hash);
    });
    return handled.replayed || invitation === undefined ? handled : { ...handled, invitation };
  }

  update(id: string, body: unknown, context: CommandContext): Promise<Handled<Member>> {
    return this.run(id, context, (others) => ({ type: 'update', body, others }));
  }

  /** Ends the member's sessions too: whoever may choose a password may become that member. */
  async invite(id: string, context: CommandContext): Promise<Invitation> {
    let invitation: Invitation | undefined;
    await this.run(id, context, () => ({ type: 'end-sessions' }), async (sql) => {
      invitation = await this.parts.invitations.make(sql, id);
      await this.parts.rows.endAll(sql, id);
    });
    return invitation as unknown as Invitation;
  }

  /** Ends every session of the member. `pointer` is where the password stood in the request. */
  async setPassword(id: string, password: string, context: CommandContext, pointer = '/password'): Promise<Handled<Member>> {
    const { document } = await this.find(id);
    const fault = passwordFault(password, [document.name, document.email]);
    const hash = fault === null ? await this.parts.passwords.hashOf(password) : '';
    return this.run(id, context, () => ({ type: 'change-password', pointer, passwordFault: fault }), async (sql) => {
      await this.parts.passwords.keep(sql, id, hash);
      await this.parts.invitations.forget(sql, id);
      await this.parts.rows.endAll(sql, id);
    });
  }

  async remove(id: string, context: CommandContext): Promise<void> {
    await this.run(id, context, (others) => ({ type: 'remove', others }), async (sql) => {
      await this.parts.passwords.forget(sql, id);
      await this.parts.invitations.forget(sql, id);
      await this.parts.rows.endAll(sql, id);
    });
  }

  async endSessions(id: string, context: CommandContext): Promise<void> {
    await this.run(id, context, () => ({ type: 'end-sessions' }), (sql) => this.parts.rows.endAll(sql, id));
  }

  /** Who an OpenID provider says this is: made at the first sign-in, kept as the provider tells it. A member with that address is taken for the same person where the provider has verified it. */
  async provide(details: Pick<Member, 'email' | 'name' | 'role'>, identity: NonNullable<Member['identity']>, emailVerified: boolean, context: CommandContext): Promise<Member> {
    const known = await this.byIdentity(identity.issuer, identity.subject);
    const same = known === null && emailVerified ? await this.byEmail(details.email) : known;
    const id = same === null || (known === null && same.identity !== undefined) ? newId() : same.id;
    return (await this.run(id, context, (others) => ({ type: 'provide', id, details, identity, others }))).document;
  }

  /** What stands beside is written before the decision, and rolled back with a refusal. */
  private async run(id: string, context: CommandContext, build: Build, beside?: Beside): Promise<Handled<Member>> {
    const handled = await handle<MemberState, MemberCommand, MemberEvent, Member>(this.parts.store, memberAggregate, id, async (sql, state) => {
      const others = (await this.all(sql)).filter((member) => member.id !== id);
      await beside?.(sql);
      return build(others, state);
    }, context);
    await this.parts.access.refresh();
    return handled;
  }
}

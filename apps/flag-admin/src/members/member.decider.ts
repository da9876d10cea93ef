import { CreateMember, DomainError, faultsOf, PatchMember, topics, type AccessChange, type Fault, type JsonObject, type Member, type Role } from '@pataka/contracts';
import { faultOf } from '@pataka/evaluation';
import type { Aggregate, StoredFacts } from '@pataka/event-sourcing';
import { refuse } from '../faults/faults';

type Details = Pick<Member, 'email' | 'name' | 'role'>;
type Identity = NonNullable<Member['identity']>;

export type MemberEvent =
  | { type: 'member.created'; data: { member: Details & { id: string; identity?: Identity } } }
  | { type: 'member.updated'; data: { changes: Partial<Details> & { identity?: Identity } } }
  | { type: 'member.password-changed'; data: Record<string, never> }
  | { type: 'member.sessions-ended'; data: Record<string, never> }
  | { type: 'member.removed'; data: Record<string, never> };
export type MemberState = Member | null;

/** `others` are all other members as they are under the lock of the command: nobody comes between. */
export type MemberCommand =
  | { type: 'create'; id: string; body: unknown; others: readonly Member[]; passwordFault: string | null }
  | { type: 'update'; body: unknown; others: readonly Member[] }
  /** What an OpenID provider says: it decides on name, address and role at every sign-in. */
  | { type: 'provide'; id: string; details: Details; identity: Identity; others: readonly Member[] }
  | { type: 'change-password'; pointer: string; passwordFault: string | null }
  | { type: 'end-sessions' }
  | { type: 'remove'; others: readonly Member[] };

const folded = (email: string): string => email.normalize('NFC').toLowerCase();

/** Whether two addresses are one person's: case does not matter. */
export const sameEmail = (a: string, b: string): boolean => folded(a) === folded(b);

const takenFault = (email: unknown, others: readonly Member[]): Fault[] => {
  const taken = typeof email === 'string' && others.some((other) => other.removedAt === undefined && sameEmail(other.email, email));
  return faultOf('/email', taken ? 'belongs to another member' : null, 'taken');
};

const mayEnter = ({ removedAt, passwordSetAt, identity }: Member): boolean => removedAt === undefined && (passwordSetAt !== undefined || identity !== undefined);

/** Somebody has to be left who can let others in. */
const keepAdmin = (member: Member, others: readonly Member[]): void => {
  if (member.role !== 'admin' || others.some((other) => other.role === 'admin' && mayEnter(other))) return;
  throw new DomainError('illegal-transition', 'This is the last admin who can sign in: make another member an admin first');
};

const present = (state: MemberState): Member => {
  if (state === null || state.removedAt !== undefined) throw new DomainError('not-found', 'There is no such member');
  return state;
};

const create = ({ id, body, others, passwordFault }: MemberCommand & { type: 'create' }): MemberEvent[] => {
  const ofShape = faultsOf(CreateMember, body);
  const { email, name, role, password } = (typeof body === 'object' && body !== null ? body : {}) as CreateMember;
  refuse([...ofShape, ...(ofShape.length > 0 ? [] : [...takenFault(email, others), ...faultOf('/password', passwordFault, 'weak-password')])]);
  const created: MemberEvent = { type: 'member.created', data: { member: { id, email, name, role } } };
  return password === undefined ? [created] : [created, { type: 'member.password-changed', data: {} }];
};

/** Only what differs, so that saying the same again changes nothing. */
const differing = <Value extends object>(member: Member, wanted: Value): Partial<Value> =>
  Object.fromEntries(Object.entries(wanted).filter(([name, value]) => value !== undefined && JSON.stringify(member[name as keyof Member]) !== JSON.stringify(value))) as Partial<Value>;

const changed = (changes: (MemberEvent & { type: 'member.updated' })['data']['changes']): MemberEvent[] =>
  Object.keys(changes).length === 0 ? [] : [{ type: 'member.updated', data: { changes } }];

const update = ({ body, others }: MemberCommand & { type: 'update' }, state: MemberState): MemberEvent[] => {
  const member = present(state);
  const ofShape = faultsOf(PatchMember, body);
  refuse([...ofShape, ...(ofShape.length > 0 ? [] : takenFault((body as PatchMember).email, others))]);
  const changes = differing(member, body as PatchMember);
  if (changes.role !== undefined) keepAdmin(member, others);
  return changed(changes);
};

const provide = ({ id, details, identity, others }: MemberCommand & { type: 'provide' }, state: MemberState): MemberEvent[] => {
  refuse(takenFault(details.email, others));
  if (state === null) return [{ type: 'member.created', data: { member: { id, ...details, identity } } }];
  return changed(differing(present(state), { ...details, identity }));
};

const changePassword = ({ pointer, passwordFault }: MemberCommand & { type: 'change-password' }, state: MemberState): MemberEvent[] => {
  present(state);
  refuse(faultOf(pointer, passwordFault, 'weak-password'));
  return [{ type: 'member.password-changed', data: {} }];
};

const remove = (others: readonly Member[], state: MemberState): MemberEvent[] => {
  if (state?.removedAt !== undefined) return [];
  keepAdmin(present(state), others);
  return [{ type: 'member.removed', data: {} }];
};

const decide = (command: MemberCommand, state: MemberState): MemberEvent[] => {
  switch (command.type) {
    case 'create': return create(command);
    case 'update': return update(command, state);
    case 'provide': return provide(command, state);
    case 'change-password': return changePassword(command, state);
    case 'end-sessions': return present(state) && [{ type: 'member.sessions-ended', data: {} }];
    case 'remove': return remove(command.others, state);
  }
};

const evolved = (member: Member, event: MemberEvent & StoredFacts): Member => {
  switch (event.type) {
    case 'member.created': return { ...event.data.member, createdBy: event.meta.actor, createdAt: event.at, version: event.version };
    case 'member.updated': return { ...member, ...event.data.changes };
    case 'member.password-changed': return { ...member, passwordSetAt: event.at, validFrom: event.at };
    case 'member.sessions-ended': return { ...member, validFrom: event.at };
    case 'member.removed': return { ...member, removedAt: event.at };
  }
};

const kinds: Record<MemberEvent['type'], AccessChange['change']> = {
  'member.created': 'created', 'member.updated': 'updated', 'member.password-changed': 'updated', 'member.sessions-ended': 'updated', 'member.removed': 'revoked',
};

/** Who and which role: names and addresses of people are nobody's business but flag-admin's. */
const published = ({ id, role, validFrom, removedAt, createdBy, createdAt, version }: Member): JsonObject => ({
  id, role, createdBy, createdAt, version, ...(validFrom === undefined ? {} : { validFrom }), ...(removedAt === undefined ? {} : { removedAt }),
});

const publish = (event: MemberEvent & StoredFacts, after: MemberState) => {
  const member = after as Member;
  const why = event.meta.reason === undefined ? {} : { reason: event.meta.reason };
  const data: AccessChange = { kind: 'member', change: kinds[event.type], actor: event.meta.actor, ...why, id: member.id, after: published(member) };
  return { topic: topics.accessChanges.name, key: member.id, type: event.type, data };
};

export const memberAggregate: Aggregate<MemberState, MemberCommand, MemberEvent> = {
  category: 'member',
  initialState: null,
  decide,
  evolve: (state, event) => ({ ...evolved(state as Member, event), version: event.version }),
  document: (member) => member,
  publish,
};

/** The highest role that a provider's values are mapped to; null for none. */
export const highestRole = (values: readonly string[], mapping: Readonly<Record<string, Role>>): Role | null => {
  const given = new Set([...values, '*'].filter((value) => Object.hasOwn(mapping, value)).map((value) => mapping[value]));
  return (['admin', 'fleet_manager', 'viewer'] as const).find((role) => given.has(role)) ?? null;
};

import type { KeyObject } from 'node:crypto';
import type { AccessMember, EndedSession, JsonObject, Principal, SessionSigner } from '@pataka/contracts';
import { publicKeyOf, readSession, type SessionClaims } from './session-token';

/** What of sessions goes into a snapshot. */
export interface SessionSnapshot { members: AccessMember[]; signers: SessionSigner[]; ended: EndedSession[] }

interface Signer { signer: SessionSigner; key: KeyObject; untilMs: number }

/** Two machines' clocks may differ by so much. */
const SKEW_MS = 60_000;
const MAX_REMEMBERED = 10_000;

const isMember = (value: JsonObject): boolean => typeof value['id'] === 'string' && typeof value['role'] === 'string' && typeof value['version'] === 'number';
const isSigner = (value: JsonObject): boolean => typeof value['kid'] === 'string' && typeof value['publicKey'] === 'string' && typeof value['until'] === 'string';
const isEnded = (value: JsonObject): boolean => typeof value['id'] === 'string' && typeof value['until'] === 'string';

/**
 * Members, the keys that session tokens are checked with, and sessions that are over: the part of the access directory that people come in by.
 * Who may what is judged by the member as known now, never by what a token says, so a changed role or a removal holds at once.
 */
export class SessionDirectory {
  private readonly members = new Map<string, AccessMember>();
  private readonly signers = new Map<string, Signer>();
  private readonly ended = new Map<string, EndedSession>();
  // A signature costs a hundred times what the rest does. Dropped with every new key, and bounded.
  private readonly verified = new Map<string, SessionClaims>();

  constructor(private readonly now: () => number) {}

  /** Whose token this is; null for one that is forged, over, or of a member who is gone. */
  authenticate(token: string): Principal | null {
    const claims = this.claimsOf(token);
    if (claims === null || claims.exp * 1000 <= this.now() || claims.iat * 1000 > this.now() + SKEW_MS) return null;
    const member = this.members.get(claims.sub);
    if (member === undefined || !this.holds(member, claims)) return null;
    const session = { id: claims.sid, expiresAt: new Date(claims.exp * 1000).toISOString() };
    return { kind: 'management', role: member.role, keyId: claims.sid, subject: member.id, session };
  }

  /** Whether what a principal came in by still holds, for connections that outlast their token. */
  stillHolds(principal: Principal & { kind: 'management' }): boolean {
    const member = this.members.get(principal.subject);
    return member !== undefined && member.removedAt === undefined && member.role === principal.role && !this.ended.has(principal.keyId);
  }

  takeMember(after: JsonObject): boolean {
    if (!isMember(after)) return false;
    const member = after as unknown as AccessMember;
    if ((this.members.get(member.id)?.version ?? 0) >= member.version) return false;
    this.members.set(member.id, member);
    return true;
  }

  takeSigner(after: JsonObject): boolean {
    if (!isSigner(after)) return false;
    const signer = after as unknown as SessionSigner;
    const key = publicKeyOf(signer.publicKey);
    const untilMs = Date.parse(signer.until);
    if (key === null || !(untilMs > this.now()) || this.signers.has(signer.kid)) return false;
    for (const [kid, known] of this.signers) if (known.untilMs <= this.now()) this.signers.delete(kid);
    this.signers.set(signer.kid, { signer, key, untilMs });
    return true;
  }

  takeEnded(after: JsonObject): boolean {
    if (!isEnded(after)) return false;
    const session = after as unknown as EndedSession;
    if (!(Date.parse(session.until) > this.now()) || this.ended.has(session.id)) return false;
    for (const [id, known] of this.ended) if (Date.parse(known.until) <= this.now()) this.ended.delete(id);
    this.ended.set(session.id, session);
    return true;
  }

  snapshot(): SessionSnapshot {
    const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);
    const signers = [...this.signers.values()].map(({ signer }) => signer).sort((a, b) => (a.kid < b.kid ? -1 : 1));
    return { members: [...this.members.values()].sort(byId), signers, ended: [...this.ended.values()].sort(byId) };
  }

  restore({ members = [], signers = [], ended = [] }: Partial<SessionSnapshot>): void {
    for (const member of members) this.takeMember(member as unknown as JsonObject);
    for (const signer of signers) this.takeSigner(signer as unknown as JsonObject);
    for (const session of ended) this.takeEnded(session as unknown as JsonObject);
  }

  private claimsOf(token: string): SessionClaims | null {
    const known = this.verified.get(token);
    if (known !== undefined) return known;
    const claims = readSession(token, (kid) => this.keyOf(kid));
    if (claims === null) return null;
    if (this.verified.size >= MAX_REMEMBERED) this.verified.clear();
    this.verified.set(token, claims);
    return claims;
  }

  private keyOf(kid: string): KeyObject | null {
    const signer = this.signers.get(kid);
    return signer !== undefined && signer.untilMs > this.now() ? signer.key : null;
  }

  private holds(member: AccessMember, { sid, iat }: SessionClaims): boolean {
    if (member.removedAt !== undefined || this.ended.has(sid)) return false;
    return member.validFrom === undefined || iat * 1000 >= Date.parse(member.validFrom);
  }
}

import type { AccessChange, AccessKey, Environment, JsonObject, Principal } from '@pataka/contracts';
import { hashToken } from './credentials';
import { SessionDirectory, type SessionSnapshot } from './session-directory';

/** The directory as plain JSON, for a cache or a snapshot; older ones know nothing of sessions. */
export interface AccessSnapshot extends Partial<SessionSnapshot> { position: number; keys: AccessKey[]; environments: Environment[] }

type Listener = (change: AccessChange) => void;

const isKey = (value: JsonObject): boolean =>
  typeof value['id'] === 'string' && typeof value['hash'] === 'string' && typeof value['kind'] === 'string' && typeof value['version'] === 'number';

const isEnvironment = (value: JsonObject): boolean => typeof value['key'] === 'string' && typeof value['version'] === 'number';

// Nobody has more live keys; it bounds what the short cut below may remember.
const MAX_REMEMBERED = 10_000;

const byId = (a: AccessKey, b: AccessKey): number => (a.id < b.id ? -1 : 1);

/**
 * Who may do what: the fold of access-changes that every service keeps for itself. Keys are found by the SHA-256 of their token in one map
 * look-up; expiry and revocation are judged at each call, so nothing outlives them. An older version never replaces a newer one: changes may
 * come again and in any order.
 */
export class AccessDirectory {
  private readonly keys = new Map<string, AccessKey>();
  private readonly byHash = new Map<string, AccessKey[]>();
  // Hashing costs more than the rest of an authentication. Only live tokens, and dropped at every change: none outlives its revocation.
  private readonly remembered = new Map<string, { key: AccessKey; principal: Principal }>();
  private readonly environmentsByKey = new Map<string, Environment>();
  private readonly listeners = new Set<Listener>();
  private readonly sessions: SessionDirectory;
  private highest = 0;

  /** @param now milliseconds since the epoch, for expiry. */
  constructor(private readonly now: () => number = Date.now) {
    this.sessions = new SessionDirectory(now);
  }

  /** Takes one change; false when it is already known, older than what is known, or nothing that can be read. */
  apply(change: AccessChange, position: number): boolean {
    this.highest = Math.max(this.highest, position);
    if (!this.take(change)) return false;
    for (const listener of this.listeners) listener(change);
    return true;
  }

  /** false until the first change has been folded: until then nobody can be told from a stranger. */
  filled(): boolean {
    return this.highest > 0 || this.keys.size > 0;
  }

  /** The highest position applied. */
  position(): number {
    return this.highest;
  }

  /** Keys of the environments, in order. */
  environments(): string[] {
    return [...this.environmentsByKey.keys()].sort();
  }

  /** A key as published, revoked ones too. */
  keyById(id: string): AccessKey | undefined {
    return this.keys.get(id);
  }

  /** Whether a key still opens anything: for connections that outlast one request. */
  isLive(id: string): boolean {
    const key = this.keys.get(id);
    return key !== undefined && this.principalOf(key) !== null;
  }

  /** Whose token this is; null for an unknown, revoked or expired one. */
  authenticate(token: string): Principal | null {
    const known = this.remembered.get(token);
    // Another key may hold the same secret and go on: an expired one only sends us the long way.
    return known !== undefined && !this.expired(known.key) ? known.principal : this.lookUp(token);
  }

  /** Whose session token this is; null for one that is forged, over, or of a member who is gone. */
  authenticateSession(token: string): Principal | null {
    return this.sessions.authenticate(token);
  }

  /** Whether what a principal came in by still opens anything: for connections that outlast one request. */
  stillHolds(principal: Principal): boolean {
    return principal.kind === 'management' && principal.session !== undefined ? this.sessions.stillHolds(principal) : this.isLive(principal.keyId);
  }

  /** Calls back after each change that made a difference; the answer ends that. */
  onChange(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  snapshot(): AccessSnapshot {
    return { position: this.highest, keys: [...this.keys.values()].sort(byId), environments: [...this.environmentsByKey.values()], ...this.sessions.snapshot() };
  }

  /** Adds what a snapshot knows; whatever is newer here stays. */
  restore(snapshot: AccessSnapshot): void {
    for (const key of snapshot.keys) this.takeKey(key);
    for (const environment of snapshot.environments) this.takeEnvironment(environment);
    this.sessions.restore(snapshot);
    this.highest = Math.max(this.highest, snapshot.position);
  }

  private lookUp(token: string): Principal | null {
    for (const key of this.byHash.get(hashToken(token)) ?? []) {
      const principal = this.principalOf(key);
      if (principal === null) continue;
      if (this.remembered.size >= MAX_REMEMBERED) this.remembered.clear();
      this.remembered.set(token, { key, principal });
      return principal;
    }
    return null;
  }

  private take(change: AccessChange): boolean {
    const { kind, after } = change;
    switch (kind) {
      case 'key': return isKey(after) && this.takeKey(after as unknown as AccessKey);
      case 'environment': return isEnvironment(after) && this.takeEnvironment(after as unknown as Environment);
      case 'member': return this.sessions.takeMember(after);
      case 'signer': return this.sessions.takeSigner(after);
      case 'session': return change.change === 'revoked' && this.sessions.takeEnded(after);
      // A kind that a newer flag-admin knows.
      default: return false;
    }
  }

  private takeKey(key: AccessKey): boolean {
    const known = this.keys.get(key.id);
    if (known !== undefined && known.version >= key.version) return false;
    if (known !== undefined) this.forgetHash(known);
    this.remembered.clear();
    this.keys.set(key.id, key);
    // Two keys may hold the same secret: the order keeps the answer independent of which came first.
    this.byHash.set(key.hash, [...(this.byHash.get(key.hash) ?? []), key].sort(byId));
    return true;
  }

  private forgetHash(key: AccessKey): void {
    const others = (this.byHash.get(key.hash) ?? []).filter((other) => other.id !== key.id);
    if (others.length > 0) this.byHash.set(key.hash, others);
    else this.byHash.delete(key.hash);
  }

  private takeEnvironment(environment: Environment): boolean {
    const known = this.environmentsByKey.get(environment.key);
    if (known !== undefined && known.version >= environment.version) return false;
    this.environmentsByKey.set(environment.key, environment);
    return true;
  }

  private principalOf(key: AccessKey): Principal | null {
    if (key.revokedAt !== undefined || this.expired(key)) return null;
    const who = { keyId: key.id, subject: key.id };
    if (key.kind === 'management') return key.role === undefined ? null : { kind: 'management', role: key.role, ...who };
    return key.environment === undefined ? null : { kind: key.kind, environment: key.environment, ...who };
  }

  private expired(key: AccessKey): boolean {
    if (key.expiresAt === undefined) return false;
    const at = Date.parse(key.expiresAt);
    // An instant that cannot be read closes the key rather than leaving it open for ever.
    return Number.isNaN(at) || at <= this.now();
  }
}

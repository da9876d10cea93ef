import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import type { SessionSigner } from '@pataka/contracts';
import { handle, type EventStore } from '@pataka/event-sourcing';
import { signSession } from '@pataka/platform';
import { signerAggregate, type SignerEvent, type SignerState } from './signer.decider';

/** How long a session token holds: no longer than a removed member may be let in anywhere that hears of nothing. */
export const TOKEN_SECONDS = 300;

const HOUR_MS = 3_600_000;
const SIGNS_FOR_MS = 24 * HOUR_MS;
const RENEW_AFTER_MS = 12 * HOUR_MS;
// A token of the key's last moment has to be readable to its own end.
const OVERLAP_MS = 2 * TOKEN_SECONDS * 1000;

interface OwnKey { kid: string; privateKey: KeyObject; madeAt: number }

/**
 * Signs session tokens with a key that this process has made up and keeps in its memory alone: there is none to steal from a disk, and a
 * new process brings a new one. Its public half goes over access-changes, so that every service checks tokens by itself.
 */
export class Signers {
  private current: OwnKey | null = null;
  private making: Promise<OwnKey> | null = null;

  constructor(private readonly store: EventStore, private readonly now: () => number, private readonly onError: (error: Error) => void) {}

  /** Makes the key before anybody signs in, so that its public half is everywhere by then. */
  async begin(): Promise<void> {
    await this.fresh();
  }

  async sign(member: string, session: string): Promise<{ token: string; expiresAt: string }> {
    const { kid, privateKey } = await this.usable();
    // Milliseconds count: what began right after a password was changed is no older session.
    const iat = this.now() / 1000;
    const exp = Math.floor(iat) + TOKEN_SECONDS;
    return { token: signSession({ sub: member, sid: session, iat, exp }, kid, privateKey), expiresAt: new Date(exp * 1000).toISOString() };
  }

  private async usable(): Promise<OwnKey> {
    const { current } = this;
    const age = current === null ? Infinity : this.now() - current.madeAt;
    if (current === null || age >= SIGNS_FOR_MS) return this.fresh();
    // The next key travels while this one still signs.
    if (age >= RENEW_AFTER_MS) this.fresh().catch(this.onError);
    return current;
  }

  private fresh(): Promise<OwnKey> {
    this.making ??= this.make().finally(() => { this.making = null; });
    return this.making;
  }

  private async make(): Promise<OwnKey> {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const own = { kid: `sgn_${randomBytes(8).toString('hex')}`, privateKey, madeAt: this.now() };
    const { x = '' } = publicKey.export({ format: 'jwk' });
    const signer: SessionSigner = { kid: own.kid, publicKey: x, until: new Date(own.madeAt + SIGNS_FOR_MS + OVERLAP_MS).toISOString() };
    const command: SignerEvent = { type: 'signer.added', data: { signer } };
    await handle<SignerState, SignerEvent, SignerEvent>(this.store, signerAggregate, 'all', command, { meta: { actor: 'system', correlationId: own.kid, reason: 'a key for session tokens' } });
    this.current = own;
    return own;
  }
}

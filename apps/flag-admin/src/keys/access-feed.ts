import type { AccessChange, AccessKey, AccessMember, Environment, SessionSigner } from '@pataka/contracts';
import type { EventStore } from '@pataka/event-sourcing';
import type { AccessDirectory } from '@pataka/platform';

/** Keeps this service's own directory at what its store says: a revocation holds before it is answered. */
export class AccessFeed {
  constructor(private readonly store: EventStore, private readonly directory: AccessDirectory) {}

  /** What no document tells: that a session is over, which another process of flag-admin may have been told. */
  heard(change: AccessChange, position: number): void {
    this.directory.apply(change, position);
  }

  async refresh(): Promise<void> {
    // The position first: what is read after it is at least that new.
    const position = await this.store.position();
    const keys = await this.store.documents<AccessKey>('key');
    const environments = await this.store.documents<Environment>('environment');
    const members = await this.store.documents<AccessMember>('member');
    const signers = await this.store.documents<{ signers: SessionSigner[] }>('signers');
    this.directory.restore({
      position, keys: keys.map((row) => row.document), environments: environments.map((row) => row.document),
      members: members.map((row) => row.document), signers: signers.flatMap((row) => row.document.signers),
    });
  }
}

import type { AccessKey, Environment } from '@pataka/contracts';
import type { EventStore } from '@pataka/event-sourcing';
import type { AccessDirectory } from '@pataka/platform';

/** Keeps this service's own directory at what its store says: a revocation holds before it is answered. */
export class AccessFeed {
  constructor(private readonly store: EventStore, private readonly directory: AccessDirectory) {}

  async refresh(): Promise<void> {
    // The position first: what is read after it is at least that new.
    const position = await this.store.position();
    const keys = await this.store.documents<AccessKey>('key');
    const environments = await this.store.documents<Environment>('environment');
    this.directory.restore({ position, keys: keys.map((row) => row.document), environments: environments.map((row) => row.document) });
  }
}

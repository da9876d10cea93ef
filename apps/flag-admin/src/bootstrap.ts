import type { AccessKey, KeyKind } from '@pataka/contracts';
import { handle, type CommandContext, type EventStore } from '@pataka/event-sourcing';
import { hashToken, hintOf, newToken, type PlatformConfig } from '@pataka/platform';
import type { CatalogueObject } from './catalogue/catalogue.decider';
import { india } from './catalogue/india';
import { regionAggregate } from './catalogue/regions';
import { environmentAggregate } from './environments/environment.decider';
import { keyAggregate, type KeyCommand, type KeyEvent, type KeyState } from './keys/key.decider';

/** Secrets made up at the first start, to be shown this once. */
export interface Bootstrap { printed: { name: string; token: string }[] }

type Credentials = Pick<PlatformConfig, 'adminToken' | 'serverKey' | 'clientKey'>;
interface BootstrapKey { id: string; name: string; kind: KeyKind; variable: string; configured: keyof Credentials; scope: Pick<AccessKey, 'role' | 'environment'> }

// The last of them marks that the first start is done.
const ENVIRONMENTS = ['development', 'staging', 'production'] as const;
const KEYS: readonly BootstrapKey[] = [
  { id: 'bootstrap-admin', name: 'Bootstrap admin token', kind: 'management', variable: 'PATAKA_ADMIN_TOKEN', configured: 'adminToken', scope: { role: 'admin' } },
  { id: 'bootstrap-server', name: 'Bootstrap server key', kind: 'server', variable: 'PATAKA_SERVER_KEY', configured: 'serverKey', scope: { environment: 'production' } },
  { id: 'bootstrap-client', name: 'Bootstrap client key', kind: 'client', variable: 'PATAKA_CLIENT_KEY', configured: 'clientKey', scope: { environment: 'production' } },
];
const context = (reason: string): CommandContext => ({ meta: { actor: 'system', correlationId: 'bootstrap', reason } });

const seedCatalogue = async (store: EventStore): Promise<void> => {
  if (await store.document('environment', ENVIRONMENTS[2]) !== null) return;
  for (const region of india) {
    await handle(store, regionAggregate, region.key, { type: 'seed', object: { ...region } as CatalogueObject }, context('the region tree of the first start'));
  }
  for (const key of ENVIRONMENTS) await handle(store, environmentAggregate, key, { type: 'ensure', body: { key } }, context('an environment of the first start'));
};

/** The token, where it was made up here and is the one that holds now. */
const ensureKey = async (store: EventStore, key: BootstrapKey, configured: string | undefined, madeUp: string): Promise<string | null> => {
  const token = configured ?? madeUp;
  const command: KeyCommand = {
    type: 'ensure', configured: configured !== undefined,
    key: { id: key.id, name: key.name, kind: key.kind, ...key.scope, hash: hashToken(token), hint: hintOf(token) },
  };
  const reason = configured === undefined ? 'made at the first start' : `named by ${key.variable}`;
  const handled = await handle<KeyState, KeyCommand, KeyEvent, AccessKey>(store, keyAggregate, key.id, command, context(reason));
  return configured === undefined && handled.document.hash === hashToken(token) ? token : null;
};

/**
 * What has to be there at the first start, and the keys that the configuration names. Several processes may do it at once and again: each
 * command finds out for itself whether there is anything to do.
 */
export const bootstrapper = (store: EventStore, config: Credentials): (() => Promise<Bootstrap>) => {
  // Made up once for this process: an attempt whose answer got lost is repeated with the same secrets.
  const madeUp = new Map(KEYS.map((key) => [key.id, newToken(key.kind).token]));
  return async () => {
    await seedCatalogue(store);
    const printed: Bootstrap['printed'] = [];
    for (const key of KEYS) {
      const token = await ensureKey(store, key, config[key.configured], madeUp.get(key.id) ?? '');
      if (token !== null) printed.push({ name: key.variable, token });
    }
    return { printed };
  };
};

/** `NAME=value` lines, as a shell and an .env file take them. */
export const bootstrapLines = ({ printed }: Bootstrap): string =>
  printed.length === 0 ? '' : ['Made at the first start, shown only now and kept as a hash:', ...printed.map(({ name, token }) => `${name}=${token}`), ''].join('\n');

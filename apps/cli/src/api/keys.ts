import { Command, Option } from 'commander';
import { keyKinds, roles } from '@pataka/contracts';
import { clientFromEnvironment } from './client';

interface ListedKey { id: string; name: string; kind: string; environment?: string; role?: string; hint: string; createdAt: string; revokedAt?: string }

const list = async (): Promise<void> => {
  for await (const key of clientFromEnvironment().all<ListedKey>('/api/keys')) {
    const state = key.revokedAt === undefined ? '' : '  revoked';
    console.log(`${key.id.padEnd(28)} ${key.kind.padEnd(11)} ${(key.environment ?? key.role ?? '').padEnd(14)} ${key.hint}  ${key.name}${state}`);
  }
};

const create = async (name: string, options: { kind: string; environment?: string; role?: string }): Promise<void> => {
  const { token } = await clientFromEnvironment().post<{ token: string }>('/api/keys', { name, ...options });
  console.error('This token is shown once:');
  console.log(token);
};

const revoke = async (id: string): Promise<void> => {
  await clientFromEnvironment().send('DELETE', `/api/keys/${encodeURIComponent(id)}`);
  console.error(`${id} is revoked`);
};

/** `pataka keys …` */
export const keysCommand = (): Command => {
  const command = new Command('keys').description('lists, makes and revokes keys');
  command.command('list', { isDefault: true }).description('lists keys, never their secrets').action(list);
  command.command('create <name>').description('makes a key and prints its token once')
    .addOption(new Option('--kind <kind>').choices(keyKinds).default('server')).option('--environment <environment>', 'for server and client keys')
    .addOption(new Option('--role <role>', 'for management keys').choices(roles)).action(create);
  command.command('revoke <id>').action(revoke);
  return command;
};

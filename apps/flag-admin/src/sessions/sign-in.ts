import type { Provider, Type } from '@nestjs/common';
import type { Database, EventStore, Migration } from '@pataka/event-sourcing';
import type { AccessDirectory, PlatformConfig } from '@pataka/platform';
import type { AccessFeed } from '../keys/access-feed';
import { invitationMigrations, Invitations } from '../members/invitations';
import { memberAggregate } from '../members/member.decider';
import { Members } from '../members/members';
import { MembersController } from '../members/members.controller';
import { passwordMigrations, Passwords } from '../members/passwords';
import { Oidc } from './oidc';
import { OidcController } from './oidc.controller';
import { SessionController } from './session.controller';
import { sessionAggregate } from './session.decider';
import { sessionMigrations, SessionRows } from './session-rows';
import { SessionSettings } from './session-settings';
import { Sessions } from './sessions';
import { signerAggregate } from './signer.decider';
import { Signers } from './signers';
import { Throttle } from './throttle';

interface Parts { database: Database; schema: string; store: EventStore; access: AccessFeed; directory: AccessDirectory; config: PlatformConfig; onError: (error: Error) => void; now?: () => number }
/** What people sign in with, for the module; `begin` makes the key that tokens are signed with. */
export interface SignIn { controllers: Type[]; providers: Provider[]; begin(): Promise<void> }

export const signInAggregates = [memberAggregate, sessionAggregate, signerAggregate];
export const signInMigrations = (schema: string): Migration[] => [...passwordMigrations(schema), ...invitationMigrations(schema), ...sessionMigrations(schema)];

const CALLBACK = '/api/session/oidc/callback';

/** Everything that signing in needs, put together. */
export const signIn = ({ database, schema, store, access, directory, config, onError, now = Date.now }: Parts): SignIn => {
  const passwords = new Passwords(database, schema);
  const invitations = new Invitations(database, schema, now);
  const rows = new SessionRows(database, schema, now);
  const throttle = new Throttle(database, schema, now, (overstep) => sessions.throttled(overstep));
  const members = new Members({ store, access, passwords, invitations, rows });
  const signers = new Signers(store, now, onError);
  const oidc = config.oidc === undefined ? null : new Oidc(config.oidc, `${config.publicUrl ?? ''}${CALLBACK}`, database, schema, now);
  const sessions: Sessions = new Sessions({ store, directory, members, passwords, invitations, rows, signers, throttle, now, onError });
  return {
    controllers: [SessionController, OidcController, MembersController],
    providers: [
      { provide: Members, useValue: members }, { provide: Sessions, useValue: sessions }, { provide: Throttle, useValue: throttle },
      { provide: SessionSettings, useValue: new SessionSettings(config, oidc) },
    ],
    begin: async () => {
      await signers.begin();
      await access.refresh();
    },
  };
};

import { quoted } from './database-rows';
import type { Migration } from './database-migrations';
import { genesisHash } from './hash-chain';
import { outboxTable } from './outbox-relay-table';

/** The event store's tables in `schema`: events and the head of their chain, documents, outbox, idempotent answers. */
export const eventStoreMigrations = (schema: string): Migration[] => {
  const s = quoted(schema);
  return [{
    name: '0001-events',
    up: `${outboxTable(schema)}
      CREATE TABLE ${s}.events (
        position bigint PRIMARY KEY,
        stream_id text COLLATE "C" NOT NULL,
        version int NOT NULL,
        event_id uuid NOT NULL UNIQUE,
        type text NOT NULL,
        schema_version int NOT NULL,
        data jsonb NOT NULL,
        meta jsonb NOT NULL,
        at timestamptz NOT NULL,
        prev_hash bytea NOT NULL,
        hash bytea NOT NULL,
        UNIQUE (stream_id, version)
      );
      CREATE FUNCTION ${s}.refuse_change() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'events are only ever appended'; END $$;
      CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ${s}.events FOR EACH ROW EXECUTE FUNCTION ${s}.refuse_change();
      CREATE TRIGGER append_only_all BEFORE TRUNCATE ON ${s}.events FOR EACH STATEMENT EXECUTE FUNCTION ${s}.refuse_change();
      CREATE TABLE ${s}.event_head (
        only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
        position bigint NOT NULL,
        hash bytea NOT NULL
      );
      INSERT INTO ${s}.event_head (position, hash) VALUES (0, '\\x${genesisHash}');
      CREATE TABLE ${s}.documents (
        category text COLLATE "C" NOT NULL,
        key text COLLATE "C" NOT NULL,
        version int NOT NULL,
        position bigint NOT NULL,
        document jsonb NOT NULL,
        PRIMARY KEY (category, key)
      );
      CREATE UNIQUE INDEX documents_any_case ON ${s}.documents (category, lower(key));
      CREATE TABLE ${s}.idempotency (
        key text PRIMARY KEY,
        fingerprint text NOT NULL,
        response json NOT NULL,
        at timestamptz NOT NULL DEFAULT now()
      );
      CREATE INDEX idempotency_at ON ${s}.idempotency (at);`,
  }];
};

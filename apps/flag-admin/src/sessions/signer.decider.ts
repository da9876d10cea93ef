import { topics, type AccessChange, type JsonObject, type SessionSigner } from '@pataka/contracts';
import type { Aggregate, StoredFacts } from '@pataka/event-sourcing';

export interface SignerEvent { type: 'signer.added'; data: { signer: SessionSigner } }
/** Keys in force; those whose time is over are forgotten when the next one comes. */
export type SignerState = { signers: SessionSigner[] };

const publish = (event: SignerEvent & StoredFacts) => {
  const { signer } = event.data;
  const data: AccessChange = { kind: 'signer', change: 'created', actor: event.meta.actor, id: signer.kid, after: { ...signer } as JsonObject };
  return { topic: topics.accessChanges.name, key: signer.kid, type: event.type, data };
};

/** The public keys of session tokens: one stream, `signers:all`. */
export const signerAggregate: Aggregate<SignerState, SignerEvent, SignerEvent> = {
  category: 'signers',
  initialState: { signers: [] },
  decide: (command) => [command],
  evolve: ({ signers }, event) => ({ signers: [...signers.filter(({ until }) => until > event.at), event.data.signer] }),
  document: (state) => state,
  publish,
};

import type { Flag, FlagEnvironment } from './flag';
import type { JsonObject } from './json';

/** Why and by whom something changed; travels with every event of the services. `traceparent` is W3C's, where there is a trace. */
export interface EventMeta { actor: string; reason?: string; correlationId: string; causationId?: string; traceparent?: string }

/** Members that flag.updated may name; a member is absent where it did not change. */
export type FlagChanges = Partial<Pick<Flag, 'name' | 'description' | 'tags' | 'owner' | 'defaultValue' | 'defaultVariant' | 'metadata' | 'clientVisible' | 'prerequisites'>>;

/** What can happen to a flag. Frozen once published: optional members may come, anything else is a new schema version with an upcaster. */
export type FlagEvent =
  | { type: 'flag.created'; data: { flag: Omit<Flag, 'version' | 'createdBy' | 'createdAt' | 'updatedAt' | 'evaluationCount' | 'lastEvaluated'> } }
  | { type: 'flag.updated'; data: { changes: FlagChanges } }
  | { type: 'flag.environment-changed'; data: { environment: string; settings: FlagEnvironment } }
  | { type: 'flag.activated'; data: Record<string, never> }
  | { type: 'flag.deactivated'; data: Record<string, never> }
  | { type: 'flag.archived'; data: Record<string, never> }
  | { type: 'experiment-flag.refused'; data: { experimentId: string; flagKey: string; code: string; detail: string } };

/** Value of a record on pataka.flag-changes.v1: what changed, by whom and why, and the whole flag after it (absent for refusals). */
export interface FlagChange { change: FlagEvent; actor: string; reason?: string; flag?: Flag }

/** Which of a segment's two lists. */
export type KeyListName = 'included' | 'excluded';

/**
 * A value on pataka.segment-changes.v1; `after` is the whole object, null once removed. With `upload` the list that `after` newly names is
 * the one before it, changed by that upload's chunks, which all came earlier on the topic.
 */
export interface SegmentChange { kind: 'segment' | 'region' | 'calendar'; change: 'created' | 'updated' | 'removed'; actor: string; reason?: string; key: string; after: JsonObject | null; upload?: string }

/**
 * Another value on pataka.segment-changes.v1: a part of a change to a segment's listed keys. `added` and `removed` are texts, a key a line,
 * in byte order over all chunks of an upload. It has no effect before a segment change names its upload.
 */
export interface KeyListChunk {
  kind: 'segment-list'; change: 'chunk-added'; actor: string; reason?: string; key: string;
  list: KeyListName; upload: string; index: number; added: string; removed: string;
}

/** A value on pataka.access-changes.v1. A session that was opened is `created`, one that is over `revoked`, a sign-in that failed `refused`; an `operation` is something an operator did. */
export interface AccessChange { kind: 'key' | 'environment' | 'member' | 'signer' | 'session' | 'operation' | 'webhook'; change: 'created' | 'updated' | 'revoked' | 'refused'; actor: string; reason?: string; id: string; after: JsonObject }

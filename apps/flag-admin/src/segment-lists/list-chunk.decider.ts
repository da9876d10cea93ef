import { topics, type KeyListChunk, type KeyListName } from '@pataka/contracts';
import type { Aggregate } from '@pataka/event-sourcing';

export interface ListChunk { key: string; list: KeyListName; upload: string; index: number; added: string; removed: string }
export interface ListChunkEvent { type: 'segment-list.chunk-added'; data: ListChunk }
export interface AddListChunk { type: 'add'; chunk: ListChunk }
/** Nothing but whether it is there: verification holds the state of every stream at once. */
export type ListChunkState = 'absent' | 'there';

/** A stream for each chunk: nobody loads a million keys to change a segment's name, and a repeated upload finds what is there. */
export const chunkKey = (upload: string, index: number): string => `${upload}:${index}`;

export const listChunkAggregate: Aggregate<ListChunkState, AddListChunk, ListChunkEvent> = {
  category: 'segment-list',
  initialState: 'absent',
  decide: ({ chunk }, state) => (state === 'there' ? [] : [{ type: 'segment-list.chunk-added', data: chunk }]),
  evolve: () => 'there',
  document: () => null,
  publish: ({ type, data, meta }) => {
    const why = meta.reason === undefined ? {} : { reason: meta.reason };
    const value: KeyListChunk = { kind: 'segment-list', change: 'chunk-added', actor: meta.actor, ...why, ...data };
    return { topic: topics.segmentChanges.name, key: data.key, type, data: value };
  },
};

import type { KeyPrincipal } from '../key-principal';
import type { Difference } from '../ruleset/ruleset-history';
import type { RulesetState } from '../ruleset/ruleset-state';

/** What a change is told as: `change` with documents for local evaluation, or OFREP's invitation to fetch again. */
export type FeedKind = 'change' | 'refetch';

/** All that the event's text depends on, so that it is written once however many streams there are. */
export interface Feed { kind: FeedKind; environment: string; audience: KeyPrincipal['kind'] }

/** One event: where a client goes on from, the newest change in it, and what differs. */
export interface Told { position: number; newest: number; difference: Difference }

const changeData = (state: RulesetState, { environment, audience }: Feed, { position, difference: { flags, visible, touched } }: Told): string => {
  const keys = flags === null || audience === 'server' ? flags : visible;
  // Rules are not for everybody's eyes: client keys get names alone.
  const documents = audience === 'server' && touched !== null ? `,"documents":${state.documents(environment, touched)}` : '';
  return `{"type":"change","position":${position},"flags":${JSON.stringify(keys)}${documents}}`;
};

/** An event's text for a feed; null where it is no business of its clients. */
export const eventText = (state: RulesetState, feed: Feed, told: Told, nowMs: number): string | null => {
  const { flags, visible } = told.difference;
  if (flags !== null && (feed.audience === 'server' ? flags : visible).length === 0) return null;
  if (feed.kind === 'change') return `id: ${told.position}\nevent: change\ndata: ${changeData(state, feed, told)}\n\n`;
  const data = { type: 'refetchEvaluation', etag: String(told.newest), lastModified: Math.floor(nowMs / 1000) };
  return `id: ${told.position}\nevent: message\ndata: ${JSON.stringify(data)}\n\n`;
};

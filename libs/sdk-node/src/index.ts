export type { Ruleset } from '@pataka/evaluation';
export type { EvaluationCount } from './counts';
export type { Details, ErrorCode } from './details';
export type { AnyFlags, EvaluationContext, FlagValue, KeyOf } from './flag-types';
export type { Hook, HookContext } from './hooks';
export type { OutgoingEvent } from './outgoing-event';
export { Pataka, type OfflineOptions } from './pataka';

export { bootstrapText, type BootstrapOptions, fetchBootstrap } from './bootstrap';
export type { Details } from './details';
export type { EventCounts, Rejection } from './event-queue';
export type { Fetch, Host, HttpAnswer, KeyValueStore, Visibility } from './host';
export type { FlagValue, JsonObject, JsonValue, Widened } from './json';
export type { PatakaEvents, Status } from './listeners';
export type { PatakaOptions } from './options';
export { type LookOptions, Pataka, type TrackOptions } from './pataka';
export type { BulkAnswer, EvaluationContext, FlagAnswer } from './snapshot';

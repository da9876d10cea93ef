import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize, IsArray, IsIn, IsInt, IsNumber, IsObject, IsOptional, IsString, IsUUID, Length, Matches, Max, MaxLength, Min, ValidateNested,
} from 'class-validator';
import { JSONSchema } from 'class-validator-jsonschema';
import { INSTANT_PATTERN } from './exposure';

/**
 * What is worth a person's attention. `rollout-milestone` and `rollout-held` come from the orchestrator, the others from analytics.
 * `rollout-held`: a rollout has been waiting for its criteria for so long that somebody should look.
 */
export const alertKinds = ['conversion-drop', 'significance-reached', 'sample-goal-reached', 'error-rate', 'sample-ratio-mismatch', 'rollout-milestone', 'rollout-held'] as const;
export type AlertKind = (typeof alertKinds)[number];
export const alertSeverities = ['info', 'warning', 'critical'] as const;
export type AlertSeverity = (typeof alertSeverities)[number];
export const alertStatuses = ['raised', 'resolved'] as const;
export type AlertStatus = (typeof alertStatuses)[number];

/** One sentence for people, in English and Hindi. */
export class LocalText {
  @IsString() @Length(1, 2000) en!: string;
  @IsString() @Length(1, 2000) hi!: string;
}

/** That somebody has seen an alert to it: the first who said so. */
export class AlertAcknowledgement {
  @IsString() @Length(1, 256) by!: string;
  @Matches(INSTANT_PATTERN) at!: string;
  @IsOptional() @IsString() @Length(1, 1000) note?: string;
}

/** Body of `POST /api/alerts/{id}/acknowledge`. */
export class AcknowledgeAlert {
  @IsOptional() @IsString() @Length(1, 1000) note?: string;
}

/**
 * One alert, as answered and published. `subject` tells alerts of one kind and experiment apart (`treatment/driver_retention`, `step/2`); where it
 * comes up again after it was resolved, `occurrence` is one more. `evidence` holds the numbers that decided, `coverage` the name of the report
 * they are from. An alert is raised once and resolved once.
 */
export class Alert {
  /** `derivedUuid(...alertIdParts(alert))`. */
  @IsUUID() id!: string;
  @IsIn(alertKinds) kind!: AlertKind;
  @IsIn(alertSeverities) severity!: AlertSeverity;
  @IsIn(alertStatuses) status!: AlertStatus;
  @IsString() @Length(1, 128) experimentId!: string;
  @IsString() @Length(1, 128) experimentKey!: string;
  @IsOptional() @IsString() @MaxLength(256) experimentName?: string;
  @IsOptional() @IsString() @MaxLength(128) environment?: string;
  @IsString() @Length(1, 300) subject!: string;
  @IsInt() @Min(1) occurrence!: number;
  @IsOptional() @IsString() @Length(1, 128) variantId?: string;
  @IsOptional() @IsString() @Length(1, 128) metric?: string;
  @IsObject() @JSONSchema({ type: 'object', additionalProperties: { type: ['string', 'number', 'boolean', 'null'] } }) evidence!: Record<string, string | number | boolean | null>;
  @IsOptional() @IsString() @MaxLength(128) coverage?: string;
  @ValidateNested() @Type(() => LocalText) message!: LocalText;
  @Matches(INSTANT_PATTERN) raisedAt!: string;
  @IsOptional() @Matches(INSTANT_PATTERN) resolvedAt?: string;
  /** Why it is over. */
  @IsOptional() @ValidateNested() @Type(() => LocalText) resolution?: LocalText;
  @IsOptional() @ValidateNested() @Type(() => AlertAcknowledgement) acknowledgement?: AlertAcknowledgement;
}

/** What makes an alert's id: the same alert has the same id whoever makes it, and however often. */
export const alertIdParts = ({ experimentId, kind, subject, occurrence }: Pick<Alert, 'experimentId' | 'kind' | 'subject' | 'occurrence'>) =>
  ['alert', experimentId, kind, subject, occurrence] as const;

/** Types of the events on pataka.alerts.v1, before `pataka.` and `.v1` are put around them: `pataka.alert.raised.v1`. */
export const alertEventTypes = { raised: 'alert.raised', resolved: 'alert.resolved' } as const;
/** Other events on the topic: how an experiment's alerts are judged was changed; an experiment is over, and its alerts with it; somebody has seen to an alert. */
export const alertWatchTypes = { rules: 'alert-rules.changed', ended: 'alert-watch.ended', acknowledged: 'alert.acknowledged' } as const;

/** Value of an `alert.acknowledged` record. Consumers add the acknowledgement to the alert of that id, and keep it when that is resolved. */
export class AlertAcknowledged {
  @IsUUID() alertId!: string;
  @IsString() @Length(1, 128) experimentId!: string;
  @ValidateNested() @Type(() => AlertAcknowledgement) acknowledgement!: AlertAcknowledgement;
}

/** Value of a record on pataka.alerts.v1; its key is the experiment's id. Consumers keep the alert by its id, and `resolved` over `raised`. */
export class AlertChange {
  @IsIn(alertStatuses) change!: AlertStatus;
  @ValidateNested() @Type(() => Alert) alert!: Alert;
}

/** Body of `PUT /api/experiments/{id}/alert-rules`: how one experiment's alerts are judged. What is left out has its default. */
export class AlertRules {
  /** A primary metric that is worse by more than this raises `conversion-drop`. Default 20. */
  @IsOptional() @IsNumber() @Min(1) @Max(99) dropPercent?: number;
  /** Worse than what: control (default), or the variant's own window before. */
  @IsOptional() @IsIn(['control', 'previous-window']) dropAgainst?: 'control' | 'previous-window';
  /** Length of a window in local days. Default 7. */
  @IsOptional() @IsInt() @Min(1) @Max(90) windowDays?: number;
  /** Subjects that each side needs before anything is judged. Default 100. */
  @IsOptional() @IsInt() @Min(100) @Max(1_000_000_000) minimumSample?: number;
  /** Subjects that each variant needs for `sample-goal-reached`. Default: the plan's, at least 1000. */
  @IsOptional() @IsInt() @Min(1) @Max(1_000_000_000) sampleGoal?: number;
  /** How long the same alert stays quiet after it was resolved. Default 24. */
  @IsOptional() @IsNumber() @Min(0) @Max(24 * 90) coolDownHours?: number;
  /** Kinds that are not raised at all. */
  @IsOptional() @IsArray() @ArrayMaxSize(alertKinds.length) @IsIn(alertKinds, { each: true }) muted?: AlertKind[];
}

import 'reflect-metadata';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsBoolean, IsIn, IsOptional, IsString, Length, Matches, MaxLength, ValidateNested } from 'class-validator';
import { alertKinds, type AlertKind } from './alert';

export const webhookFormats = ['standard', 'slack'] as const;
/** `standard`: Standard Webhooks with the event as JSON; `slack`: a text, as incoming webhooks of Slack and its likes take it. */
export type WebhookFormat = (typeof webhookFormats)[number];

/** What a webhook hears of; a list that is left out lets everything pass. */
export class WebhookFilters {
  /** Event types (`flag.archived`, `alert.raised`) or whole families (`flag`, `experiment`, `alert`). */
  @IsOptional() @IsArray() @ArrayMaxSize(50) @Matches(/^(alert|flag|experiment|experiment-flag)(\.[a-z][a-z-]{0,63})?$/, { each: true }) types?: string[];
  /** Alert kinds; says nothing of other events. */
  @IsOptional() @IsArray() @ArrayMaxSize(alertKinds.length) @IsIn(alertKinds, { each: true }) kinds?: AlertKind[];
  /** Environment keys; what concerns every environment passes. */
  @IsOptional() @IsArray() @ArrayMaxSize(50) @IsString({ each: true }) @Length(1, 128, { each: true }) environments?: string[];
  /** Flags that have one of these tags; says nothing of other events. */
  @IsOptional() @IsArray() @ArrayMaxSize(50) @IsString({ each: true }) @Length(1, 128, { each: true }) tags?: string[];
}

class WebhookMembers {
  @IsOptional() @IsString() @MaxLength(4000) description?: string;
  @IsOptional() @IsIn(webhookFormats) format?: WebhookFormat;
  @IsOptional() @IsBoolean() enabled?: boolean;
  @IsOptional() @ValidateNested() @Type(() => WebhookFilters) filters?: WebhookFilters;
}

/** Body of `POST /api/webhooks`. */
export class CreateWebhook extends WebhookMembers {
  @IsString() @Length(1, 256) name!: string;
  @IsString() @Length(1, 2048) url!: string;
}

/** Body of `PATCH /api/webhooks/{id}`: only the named members change. */
export class PatchWebhook extends WebhookMembers {
  @IsOptional() @IsString() @Length(1, 256) name?: string;
  @IsOptional() @IsString() @Length(1, 2048) url?: string;
}

/**
 * A webhook as answered. `url` is whole only there: on the topic and in the history it stops after the host, since what comes after it is often a
 * secret. The signing secret is answered once, when it is made; `secretHint` tells which one it is.
 */
export interface Webhook {
  id: string; name: string; url: string; description?: string; format: WebhookFormat; enabled: boolean; filters: WebhookFilters; secretHint: string;
  version: number; createdBy: string; createdAt: string; updatedAt: string;
}

/** One try to deliver. `status` is HTTP's, null where there was no answer; `answer` the beginning of its body. */
export interface WebhookAttempt { at: string; status: number | null; ms: number; error?: string; answer?: string }
/** `waiting` for its next try, `delivered`, or `failed` for good (until it is replayed). `id` is the `webhook-id` of every try. */
export interface WebhookDelivery {
  id: string; webhookId: string; type: string; status: 'waiting' | 'delivered' | 'failed'; tries: number; createdAt: string; nextTryAt: string | null; attempts: WebhookAttempt[];
}

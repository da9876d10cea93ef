import 'reflect-metadata';
import { CreateEnvironment, CreateKey } from './access';
import { AcknowledgeAlert, AlertRules } from './alert';
import { CreateCorrection } from './correction';
import { CloneExperiment, CompleteExperiment, CreateExperiment, PatchExperiment, StartExperiment } from './experiment';
import { ExplainRequest } from './explain';
import { CreateFlag, FlagEnvironment, PatchFlag } from './flag';
import { ChangePassword, CreateMember, JoinWithInvitation, PatchMember, SetPassword, SignIn } from './member';
import { CreateHoldout } from './holdout';
import { MetricDefinition } from './metric';
import type { Shape } from './schema';
import { Calendar, PatchKeyList, Region, Segment } from './segment';
import { CreateWebhook, PatchWebhook } from './webhook';

/** The four services. */
export const serviceNames = ['flag-admin', 'evaluator', 'experiment-orchestrator', 'analytics'] as const;
export type ServiceName = (typeof serviceNames)[number];

/** Who may call: a role of a management token, a kind of key, or anyone at all. */
export type Caller = 'anyone' | 'admin' | 'fleet_manager' | 'viewer' | 'server' | 'client';

/** One route: the access guard, the gateway and OpenAPI all read this table, and nothing outside it is served. */
export interface Route {
  service: ServiceName;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Template, `/api/flags/{key}`. */
  path: string;
  summary: string;
  allow: readonly Caller[];
  body?: Shape<unknown>;
  /** Query parameters by name, with what they mean. */
  query?: Record<string, string>;
  /** true: answers 428 without If-Match. */
  ifMatch?: boolean;
  /** Status of success; default 200. */
  status?: number;
}

const READ = ['admin', 'fleet_manager', 'viewer'] as const;
const MANAGE = ['admin', 'fleet_manager'] as const;
const ADMIN = ['admin'] as const;
const ANYONE = ['anyone'] as const;
const EVALUATE = ['server', 'client'] as const;
const EXPOSURES = {
  flag: 'a flag key', experiment: 'an experiment id', environment: 'an environment key', variant: 'a variant',
  from: 'an instant, inclusive', until: 'an instant, inclusive', order: 'asc (default, oldest first) or desc',
};
const PAGE = { limit: 'rows a page, 1 to 200 (default 50)', cursor: 'nextCursor of the page before' };

const LIVE = {
  types: 'some of flag,segment,experiment,exposure,conversion,alert (default: all)', environment: 'an environment key', flag: 'a flag key', experiment: 'an experiment id',
  metric: 'a metric key', unit: 'a targeting key or unit',
};

type Entry = [Route['method'], string, string, readonly Caller[], Partial<Route>?];
const of = (service: ServiceName, entries: Entry[]): Route[] =>
  entries.map(([method, path, summary, allow, more]) => ({ service, method, path, summary, allow, ...more }));

const catalogue = (path: string, noun: string, body: Shape<unknown>): Entry[] => [
  ['GET', path, `Lists ${noun}s`, READ, { query: PAGE }],
  ['POST', path, `Makes a ${noun}`, MANAGE, { body, status: 201 }],
  ['GET', `${path}/{key}`, `One ${noun}`, READ, { query: { at: 'an instant: as it was then' } }],
  ['PUT', `${path}/{key}`, `Replaces a ${noun}`, MANAGE, { body, ifMatch: true }],
  ['DELETE', `${path}/{key}`, `Removes a ${noun}`, MANAGE, { ifMatch: true, status: 204 }],
  ['GET', `${path}/{key}/history`, `What happened to a ${noun}`, READ, { query: PAGE }],
];

/** Each service tells of its own; which one is asked is in the path. */
const projections = (service: ServiceName): Entry[] => [
  ['GET', `/api/projections/${service}`, `The projections of ${service}: how far they are, and how their last rebuild went or goes`, READ],
  ['POST', `/api/projections/${service}/{name}/replay`, 'Rebuilds a projection from the log beside the live one, then swaps it in', ADMIN, { status: 202 }],
];

const flagAdmin = of('flag-admin', [
  ['GET', '/', 'What is running and how to sign in', ANYONE],
  ['GET', '/api/flags', 'Lists flags', READ, { query: { ...PAGE, search: 'part of key, name, description or tag', tag: 'a tag', type: 'a flag type', status: 'a flag status' } }],
  ['POST', '/api/flags', 'Makes a flag', MANAGE, { body: CreateFlag, status: 201 }],
  ['GET', '/api/flags/{key}', 'One flag', READ, { query: { at: 'an instant: the flag as it was then' } }],
  ['PATCH', '/api/flags/{key}', 'Changes the named members of a flag', MANAGE, { body: PatchFlag, ifMatch: true }],
  ['DELETE', '/api/flags/{key}', 'Archives a flag', MANAGE, { ifMatch: true }],
  ['PUT', '/api/flags/{key}/environments/{environment}', "Sets a flag's rules in one environment", MANAGE, { body: FlagEnvironment, ifMatch: true }],
  ['POST', '/api/flags/{key}/activate', 'Activates a flag', MANAGE],
  ['POST', '/api/flags/{key}/deactivate', 'Deactivates a flag', MANAGE],
  ['POST', '/api/flags/{key}/archive', 'Archives a flag', MANAGE],
  ['GET', '/api/flags/{key}/history', 'What happened to a flag, by whom and why', READ, { query: PAGE }],
  ...catalogue('/api/segments', 'segment', Segment),
  ['GET', '/api/segments/{key}/lists/{list}', 'The keys that a segment’s included or excluded list has, as CSV', READ],
  ['PUT', '/api/segments/{key}/lists/{list}', 'Replaces a list by the keys of a CSV or text file, up to a million', MANAGE, { ifMatch: true }],
  ['PATCH', '/api/segments/{key}/lists/{list}', 'Adds keys to a list and takes keys from it', MANAGE, { body: PatchKeyList, ifMatch: true }],
  ['DELETE', '/api/segments/{key}/lists/{list}', 'Removes a list', MANAGE, { ifMatch: true }],
  ...catalogue('/api/regions', 'region', Region),
  ...catalogue('/api/calendars', 'calendar', Calendar),
  ['GET', '/api/environments', 'Lists environments', READ],
  ['POST', '/api/environments', 'Makes an environment', ADMIN, { body: CreateEnvironment, status: 201 }],
  ['GET', '/api/keys', 'Lists keys, never their secrets', ADMIN, { query: PAGE }],
  ['POST', '/api/keys', 'Makes a key; its token is answered once', ADMIN, { body: CreateKey, status: 201 }],
  ['DELETE', '/api/keys/{id}', 'Revokes a key', ADMIN, { status: 204 }],
  ['GET', '/api/webhooks', 'Lists webhooks', ADMIN, { query: PAGE }],
  ['POST', '/api/webhooks', 'Makes a webhook; its signing secret is answered once', ADMIN, { body: CreateWebhook, status: 201 }],
  ['GET', '/api/webhooks/{id}', 'One webhook', ADMIN],
  ['PATCH', '/api/webhooks/{id}', 'Changes the named members of a webhook', ADMIN, { body: PatchWebhook, ifMatch: true }],
  ['DELETE', '/api/webhooks/{id}', 'Removes a webhook, with what it had still to deliver', ADMIN, { status: 204 }],
  ['POST', '/api/webhooks/{id}/rotate-secret', 'Makes a new signing secret; the old one signs beside it for a day', ADMIN],
  ['POST', '/api/webhooks/{id}/test', 'Sends a test message now, and tells what came of it', ADMIN],
  ['GET', '/api/webhooks/{id}/deliveries', 'What was delivered and what was not, newest first', ADMIN, { query: { ...PAGE, status: 'waiting, delivered or failed' } }],
  ['POST', '/api/webhooks/{id}/deliveries/{delivery}/replay', 'Delivers a message again', ADMIN],
  ['GET', '/api/audit', 'Every event of flag-admin', READ, { query: { ...PAGE, order: 'asc (default, oldest first) or desc' } }],
  ['GET', '/api/audit/verify', 'Checks the hash chain, positions, versions and documents of every event', ADMIN],
  ['GET', '/api/members', 'Lists members', READ, { query: PAGE }],
  ['POST', '/api/members', 'Makes a member; without a password an invitation is answered once', ADMIN, { body: CreateMember, status: 201 }],
  ['GET', '/api/members/{id}', 'One member', READ],
  ['PATCH', '/api/members/{id}', 'Changes name, address or role of a member', ADMIN, { body: PatchMember, ifMatch: true }],
  ['DELETE', '/api/members/{id}', 'Removes a member and ends their sessions', ADMIN, { status: 204 }],
  ['PUT', '/api/members/{id}/password', 'Sets the password of a member and ends their sessions', ADMIN, { body: SetPassword, status: 204 }],
  ['POST', '/api/members/{id}/invitation', 'A new invitation to choose a password; answered once', ADMIN, { status: 201 }],
  ['GET', '/api/session', 'Who this credential is', [...READ, 'server', 'client']],
  ['POST', '/api/session', 'Signs in with address and password', ANYONE, { body: SignIn }],
  ['DELETE', '/api/session', 'Signs out: here or, with everywhere=true, on every device', ANYONE, { query: { everywhere: 'true: ends every session of this member' }, status: 204 }],
  ['GET', '/api/session/options', 'How one may sign in here, and whether there is a member yet', ANYONE],
  ['POST', '/api/session/renewal', 'A new session token, by the renewal cookie', ANYONE],
  ['POST', '/api/session/join', 'Chooses a password with an invitation, and signs in', ANYONE, { body: JoinWithInvitation }],
  ['PUT', '/api/session/password', 'Changes the own password and ends all other sessions', READ, { body: ChangePassword }],
  ['GET', '/api/session/oidc', 'Begins signing in with the OpenID provider', ANYONE, { query: { returnTo: 'path to come back to' }, status: 302 }],
  ['GET', '/api/session/oidc/callback', 'Where the OpenID provider sends the browser back to', ANYONE, { status: 302 }],
  ['GET', '/api/dead-letters', 'Lists records that could not be taken, newest first', ADMIN, { query: { ...PAGE, topic: 'a source topic', consumer: 'a consumer', state: 'waiting or replayed' } }],
  ['GET', '/api/dead-letters/{id}', 'One such record, whole', ADMIN],
  ['POST', '/api/dead-letters/{id}/replay', 'Publishes the original again, to where it came from', ADMIN],
  ...projections('flag-admin'),
]);

const experimentActions: Entry[] = (['pause', 'resume', 'rollback', 'archive'] as const)
  .map((action) => ['POST', `/api/experiments/{id}/${action}`, `${action[0]!.toUpperCase()}${action.slice(1)}s an experiment`, MANAGE]);

const orchestrator = of('experiment-orchestrator', [
  ['GET', '/api/experiments', 'Lists experiments', READ, { query: { ...PAGE, status: 'an experiment status', search: 'part of key or name' } }],
  ['POST', '/api/experiments', 'Makes an experiment and, over the log, its flag', MANAGE, { body: CreateExperiment, status: 201 }],
  ['GET', '/api/experiments/{id}', 'One experiment, by id or key', READ],
  ['PATCH', '/api/experiments/{id}', 'Changes an experiment as far as its status allows', MANAGE, { body: PatchExperiment, ifMatch: true }],
  ['POST', '/api/experiments/{id}/start', 'Starts an experiment', MANAGE, { body: StartExperiment }],
  ['POST', '/api/experiments/{id}/complete', 'Completes an experiment, with a winner if one is named', MANAGE, { body: CompleteExperiment }],
  ...experimentActions,
  ['POST', '/api/experiments/{id}/clone', 'Makes a new draft like an experiment, but for what is named', MANAGE, { body: CloneExperiment, status: 201 }],
  ['POST', '/api/experiments/dry-run', 'What an experiment would do when; nothing is stored', READ, { body: CreateExperiment }],
  ['GET', '/api/experiment-templates', 'Experiments to begin from', READ],
  ['GET', '/api/experiments/{id}/rollout', 'Past steps with their decisions, the present step, and everything still planned', READ],
  ['GET', '/api/experiments/{id}/history', 'What happened to an experiment', READ, { query: PAGE }],
  ['GET', '/api/layers', 'Which experiment has which share of which layer', READ],
  ['GET', '/api/holdouts', 'Lists holdouts', READ, { query: PAGE }],
  ['POST', '/api/holdouts', 'Holds a share of units out of every experiment that names it', MANAGE, { body: CreateHoldout, status: 201 }],
  ['GET', '/api/holdouts/{key}', 'One holdout', READ],
  ['DELETE', '/api/holdouts/{key}', 'Ends a holdout; experiments that run already go on without its members', MANAGE, { status: 204 }],
  ...projections('experiment-orchestrator'),
]);

const analytics = of('analytics', [
  ['GET', '/api/experiments/{id}/results', 'The report', READ, { query: {
    startDate: 'local day, inclusive (default: 30 days back)', endDate: 'local day, inclusive (default: today)', method: 'fixed, sequential (default) or bayesian',
    coverage: 'name of a report that was answered or published: the same bytes again; goes with no other parameter but format', format: 'json (default) or csv',
  } }],
  ['GET', '/api/experiments/{id}/timeline', 'Estimates, always-valid p-values and intervals by local day, and whether the effect wears off', READ, { query: { metric: 'a metric key (default: the primary one)' } }],
  ['GET', '/api/corrections', 'Lists corrections, reverted ones too', READ, { query: PAGE }],
  ['POST', '/api/corrections', 'Corrects the evidence: wrong values, staff, a broken variant; signed, reversible, for past and future', MANAGE, { body: CreateCorrection, status: 201 }],
  ['GET', '/api/corrections/{id}', 'One correction, and each report that it touches before and with it', READ],
  ['DELETE', '/api/corrections/{id}', 'Reverts a correction; it stays listed', MANAGE],
  ['GET', '/api/metrics', 'Lists metric definitions', READ, { query: PAGE }],
  ['POST', '/api/metrics', 'Defines a metric; it is computed for the past too', MANAGE, { body: MetricDefinition, status: 201 }],
  ['GET', '/api/metrics/{key}', 'One metric definition', READ],
  ['PATCH', '/api/metrics/{key}', 'Corrects a metric definition', MANAGE, { ifMatch: true }],
  ['GET', '/api/alerts', 'Alerts, newest first', READ, { query: { ...PAGE, status: 'raised or resolved', experiment: 'an experiment id or key', kind: 'an alert kind' } }],
  ['POST', '/api/alerts/{id}/acknowledge', 'Says that somebody has seen to an alert; the first who did stays', MANAGE, { body: AcknowledgeAlert }],
  ['GET', '/api/kpis', 'The fleet’s key figures by local day or month', READ, { query: { from: 'local day, inclusive (default: 30 days back)', until: 'local day, inclusive (default: today)', by: 'day (default) or month' } }],
  ['GET', '/api/overview', 'What runs, at a glance: variants, significance, revenue', READ, { query: { ...PAGE, limit: 'experiments a page, 1 to 20' } }],
  ['GET', '/api/experiments/{id}/alert-rules', 'How the alerts of an experiment are judged', READ],
  ['PUT', '/api/experiments/{id}/alert-rules', 'Sets how the alerts of an experiment are judged', MANAGE, { body: AlertRules }],
  ['GET', '/api/power', 'Power and sample size of a planned test', READ, { query: { baseline: 'rate of control', minimumEffect: 'smallest relative effect of interest', power: 'default 0.8', alpha: 'default 0.05' } }],
  ['GET', '/api/live', 'Server-sent events: changes, experiments, exposures, conversions and alerts as they happen, a sample where there are many', READ, { query: LIVE }],
  ...projections('analytics'),
  ['GET', '/api/subjects/{key}/exposures', 'Exposures recorded of a subject, with receipt and attributes', READ, { query: { ...PAGE, ...EXPOSURES } }],
]);

const evaluator = of('evaluator', [
  ['POST', '/ofrep/v1/evaluate/flags/{key}', 'OFREP: evaluates one flag', EVALUATE],
  ['POST', '/ofrep/v1/evaluate/flags', 'OFREP: evaluates all flags for a static context', EVALUATE],
  ['GET', '/ofrep/v1/stream', 'OFREP event stream, by the token of a bulk answer', ANYONE, { query: { token: 'short-lived token from eventStreams' } }],
  ['GET', '/v1/ruleset', 'The ruleset of the key’s environment, for local evaluation', ['server']],
  ['GET', '/v1/lists/{hash}', 'A list that the ruleset names, one key a line, for local evaluation', ['server']],
  ['GET', '/v1/stream', 'Server-sent events: which flags changed', EVALUATE],
  ['POST', '/v1/events', 'Takes up to 1000 exposures, conversions and reports of evaluation counts', EVALUATE, { status: 202 }],
  ['POST', '/v1/explain', 'Why, now, at any past instant or by today’s rules at a later one: every rule with each condition’s outcome', ['server', ...READ], { body: ExplainRequest }],
]);

const perService = serviceNames.flatMap((service) => of(service, [
  ['GET', '/health/live', 'Is the process alive', ANYONE],
  ['GET', '/health/ready', 'Can it do its job', ANYONE],
  ['GET', '/metrics', 'Prometheus metrics', ANYONE],
  ['GET', '/openapi.json', 'This description', ANYONE],
]));

/** Every route of every service. */
export const routes: readonly Route[] = [...flagAdmin, ...orchestrator, ...analytics, ...evaluator, ...perService];

import type { DecisionRecord, DryRun, Experiment, ExperimentResults, ExperimentTemplate, RolloutView } from '@pataka/contracts';
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { at, get, getAll, type Page, request } from '../api/client';
import { keys } from '../api/keys';
import { ZONE } from '../i18n/intl';
import type { AuditEvent } from '../api/live-updates';

/** As listed and answered: with the latest report, once there is one. */
export type ListedExperiment = Experiment & { results?: ExperimentResults };
export interface TimelineEffect { variantId: string; absoluteEffect: number | null; pValue: number | null; alwaysValidPValue: number | null; alwaysValidInterval: [number, number] | null }
export interface TimelineDay { day: string; variants: { variantId: string; subjects: number; converted: number; rate: number | null }[]; effects: TimelineEffect[] }
export interface Timeline { experimentId: string; metric: string | null; days: TimelineDay[] }
export type { DecisionRecord, DryRun, RolloutView };

const LIST_EVERY_MS = 10_000;
const ONE_EVERY_MS = 4_000;
/** Its flag is made within moments of the experiment. */
const UNLINKED_EVERY_MS = 700;

export const experimentsQuery = queryOptions({
  queryKey: keys.experiments, queryFn: ({ signal }) => getAll<ListedExperiment>('/api/experiments', { signal }), refetchInterval: LIST_EVERY_MS,
});
export const experimentQuery = (id: string) => queryOptions({
  queryKey: keys.experiment(id), queryFn: ({ signal }) => request<ListedExperiment>('GET', at`/api/experiments/${id}`, { signal }),
  refetchInterval: ({ state }) => (state.data?.data.linked === false && state.data.data.refusal === undefined ? UNLINKED_EVERY_MS : ONE_EVERY_MS),
});
const MONTH_MS = 30 * 24 * 3_600_000;
const localDay = (ms: number): string => new Intl.DateTimeFormat('en-CA', { timeZone: ZONE }).format(new Date(ms));
/** A report speaks of the last 30 days unless it is asked for more, which an experiment that runs for longer needs. */
const firstDay = ({ startedAt }: Experiment): string | undefined => (startedAt === undefined || Date.parse(startedAt) > Date.now() - MONTH_MS ? undefined : localDay(Date.parse(startedAt)));

/** The whole experiment, not its last days alone. */
export const resultsQuery = (experiment: Experiment) => queryOptions({
  queryKey: [...keys.experiment(experiment.id), 'results'], queryFn: ({ signal }) => get<ExperimentResults>(at`/api/experiments/${experiment.id}/results`, { startDate: firstDay(experiment) }, signal), refetchInterval: ONE_EVERY_MS,
  enabled: experiment.startedAt !== undefined,
});
/** Read anew when the evidence is another: `coverage` names it. */
export const timelineQuery = (id: string, coverage: string) => queryOptions({
  queryKey: [...keys.experiment(id), 'timeline', coverage], placeholderData: keepPreviousData, queryFn: ({ signal }) => get<Timeline>(at`/api/experiments/${id}/timeline`, undefined, signal), refetchInterval: LIST_EVERY_MS,
});
export const rolloutQuery = (id: string) => queryOptions({
  queryKey: [...keys.experiment(id), 'rollout'], queryFn: ({ signal }) => get<RolloutView>(at`/api/experiments/${id}/rollout`, undefined, signal), refetchInterval: ONE_EVERY_MS,
});
export const experimentHistoryQuery = (id: string) => queryOptions({
  queryKey: [...keys.experiment(id), 'history'], queryFn: ({ signal }) => getAll<AuditEvent>(at`/api/experiments/${id}/history`, { signal, limit: 1000 }), refetchInterval: LIST_EVERY_MS,
});
export const templatesQuery = queryOptions({
  queryKey: ['experiment-templates'], queryFn: async ({ signal }) => (await get<Pick<Page<ExperimentTemplate>, 'items'>>('/api/experiment-templates', undefined, signal)).items, staleTime: Infinity,
});

/** A metric's key, however it was named. */
export const metricKey = (reference: Experiment['successMetrics'][number]): string => (typeof reference === 'string' ? reference : reference.key);
export const variantName = (experiment: Pick<Experiment, 'variants'>, id: string): string => experiment.variants.find((variant) => variant.id === id)?.name ?? id;

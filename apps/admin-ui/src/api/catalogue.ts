import { queryOptions } from '@tanstack/react-query';
import type { Calendar, Environment, Metric, Region, Segment, Versioned } from '@pataka/contracts';
import { at, get, getAll, type Page, request } from './client';
import { keys } from './keys';

export type StoredSegment = Segment & Versioned;
export type StoredRegion = Region & Versioned;
export type StoredCalendar = Calendar & Versioned;

const LONG_MS = 5 * 60_000;

export const segmentsQuery = queryOptions({ queryKey: keys.segments, queryFn: ({ signal }) => getAll<StoredSegment>('/api/segments', { signal }), staleTime: LONG_MS });
export const regionsQuery = queryOptions({ queryKey: keys.regions, queryFn: ({ signal }) => getAll<StoredRegion>('/api/regions', { signal }), staleTime: LONG_MS });
export const calendarsQuery = queryOptions({ queryKey: keys.calendars, queryFn: ({ signal }) => getAll<StoredCalendar>('/api/calendars', { signal }), staleTime: LONG_MS });
export const metricsQuery = queryOptions({ queryKey: keys.metrics, queryFn: ({ signal }) => getAll<Metric>('/api/metrics', { signal }), staleTime: LONG_MS });
/** Production first: it is what people look for. */
const inOrder = (environments: readonly Environment[]): Environment[] => [...environments].sort((a, b) => Number(b.key === 'production') - Number(a.key === 'production') || (a.key < b.key ? 1 : -1));

export const environmentsQuery = queryOptions({ queryKey: keys.environments, queryFn: async ({ signal }) => inOrder((await get<Page<Environment>>('/api/environments', undefined, signal)).items), staleTime: LONG_MS });

export const segmentQuery = (key: string) => queryOptions({ queryKey: keys.segment(key), queryFn: async ({ signal }) => (await request<StoredSegment>('GET', at`/api/segments/${key}`, { signal })).data });
export const calendarQuery = (key: string) => queryOptions({ queryKey: keys.calendar(key), queryFn: async ({ signal }) => (await request<StoredCalendar>('GET', at`/api/calendars/${key}`, { signal })).data });

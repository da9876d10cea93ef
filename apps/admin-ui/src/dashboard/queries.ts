import type { Alert, KpiReport, Overview } from '@pataka/contracts';
import { queryOptions } from '@tanstack/react-query';
import { get, type Page } from '../api/client';

const EVERY_MS = 5_000;

export const overviewQuery = queryOptions({ queryKey: ['overview'], queryFn: ({ signal }) => get<Overview>('/api/overview', { limit: 20 }, signal), refetchInterval: EVERY_MS });
export const kpisQuery = (by: 'day' | 'month') => queryOptions({ queryKey: ['kpis', by], queryFn: ({ signal }) => get<KpiReport>('/api/kpis', { by }, signal), refetchInterval: 6 * EVERY_MS });
export const alertsQuery = queryOptions({ queryKey: ['alerts'], queryFn: async ({ signal }) => (await get<Page<Alert>>('/api/alerts', { limit: 20 }, signal)).items, refetchInterval: EVERY_MS });

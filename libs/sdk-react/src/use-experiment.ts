import type { FlagAnswer, FlagValue, TrackOptions } from '@pataka/web';
import { useCallback, useMemo } from 'react';
import { usePataka } from './provider';
import { useDetails } from './use-flag';

/** What a component needs of an experiment. */
export interface Experiment<T> {
  /** The variant served; undefined where the subject is no part of an experiment. */
  variant: string | undefined;
  value: T;
  /** Records a conversion for this experiment alone; where the subject is no part of it, for whatever it was exposed to. */
  track: (metric: string, options?: Pick<TrackOptions, 'value' | 'properties'>) => void;
}

const belonging = ({ metadata = {}, variant }: FlagAnswer): Partial<TrackOptions> => {
  const { experimentId, unit } = metadata;
  if (typeof experimentId !== 'string' || variant === undefined) return {};
  return { experimentId, variant, ...(typeof unit === 'string' ? { unit } : {}) };
};

/** The variant and value that an experiment's flag has for the subject, and how to record what the subject then did. */
export function useExperiment<T extends FlagValue>(key: string, fallback: T): Experiment<T>;
export function useExperiment(key: string): Experiment<FlagValue | undefined>;
export function useExperiment(key: string, fallback?: FlagValue): Experiment<FlagValue | undefined> {
  const client = usePataka();
  const { value, variant, experimentId, errorCode } = useDetails<FlagValue | null>(key, fallback ?? null);
  const track = useCallback<Experiment<unknown>['track']>((metric, options = {}) => {
    client.expose(key); // what is done in an effect may come before the exposure's own
    client.track(metric, { ...options, ...belonging(client.answer(key) ?? { key }) });
  }, [client, key]);
  const served = experimentId === undefined || errorCode !== undefined ? undefined : variant;
  return useMemo(() => ({ variant: served, value: value ?? fallback, track }), [served, value, fallback, track]);
}

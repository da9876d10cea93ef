'use client';

export { PatakaProvider, type PatakaProviderProps, usePataka } from './provider';
export { type Experiment, useExperiment } from './use-experiment';
export { useFlag, useFlagDetails, useReady, useStatus } from './use-flag';

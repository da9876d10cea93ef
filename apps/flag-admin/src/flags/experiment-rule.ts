import type { Flag, FlagEnvironment, FlagValue, Rule } from '@pataka/contracts';
import { sameJson } from '../faults/same-json';
import type { FlagEvent } from './flag.decider';

/** Puts an experiment's rule into its flag, or another in its place; `activate` only at the experiment's start. */
export interface PlaceExperimentRule { type: 'place-experiment-rule'; experimentId: string; environment: string; rule: Rule; activate: boolean }
/** Takes an experiment's rule away; `serve` is what everyone gets from then on, where that is not the control. */
export interface EndExperiment { type: 'end-experiment'; experimentId: string; environment: string; serve: { value: FlagValue; variant: string } | null }

/** The flag, where the experiment may still do anything with it. */
const ownFlag = (flag: Flag | null, experimentId: string): Flag | null =>
  flag?.experimentId === experimentId && flag.status !== 'ARCHIVED' ? flag : null;

const settingsOf = (flag: Flag, environment: string): FlagEnvironment => flag.environments[environment] ?? { enabled: true, rules: [] };

const changedTo = (flag: Flag, environment: string, rules: Rule[]): FlagEvent[] => {
  const settings = { ...settingsOf(flag, environment), rules };
  return sameJson(settings, flag.environments[environment]) ? [] : [{ type: 'flag.environment-changed', data: { environment, settings } }];
};

export const placeExperimentRule = ({ experimentId, environment, rule, activate }: PlaceExperimentRule, state: Flag | null): FlagEvent[] => {
  const flag = ownFlag(state, experimentId);
  if (flag === null) return [];
  const { rules } = settingsOf(flag, environment);
  const at = rules.findIndex((one) => one.experimentId === experimentId);
  const placed = at < 0 ? [...rules, rule] : rules.with(at, rule);
  const activated: FlagEvent[] = activate && flag.status === 'INACTIVE' ? [{ type: 'flag.activated', data: {} }] : [];
  return [...changedTo(flag, environment, placed), ...activated];
};

const servedFromNowOn = (flag: Flag, serve: EndExperiment['serve']): FlagEvent[] => {
  if (serve === null) return [];
  const changes = { defaultValue: serve.value, defaultVariant: serve.variant };
  const same = sameJson(flag.defaultValue, serve.value) && flag.defaultVariant === serve.variant;
  return same ? [] : [{ type: 'flag.updated', data: { changes } }];
};

/** The default first: a subject of the winning variant then never sees the control between two events. */
export const endExperiment = ({ experimentId, environment, serve }: EndExperiment, state: Flag | null): FlagEvent[] => {
  const flag = ownFlag(state, experimentId);
  if (flag === null) return [];
  const rules = settingsOf(flag, environment).rules.filter((rule) => rule.experimentId !== experimentId);
  return [...servedFromNowOn(flag, serve), ...changedTo(flag, environment, rules)];
};

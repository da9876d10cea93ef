import type { Experiment, ExperimentResults, Flag } from '@pataka/contracts';
import type { Api } from './api';
import { type AcknowledgedChange, type AcknowledgedSubject, DONE, KM, type Ledger } from './ledger';
import type { PatakaProcess } from './pataka-process';
import { until } from './waiting';

/** One event of a history, as far as it is checked. */
export interface Told { version: number; reason?: string }

/** Every acknowledged change once, in its place, and nothing beside. */
export const historyFaults = (flag: string, acknowledged: readonly AcknowledgedChange[], history: readonly Told[]): string[] => {
  const faults: string[] = [];
  for (const { reason, version } of acknowledged) {
    const found = history.filter((event) => event.reason === reason);
    if (found.length === 0) faults.push(`${flag}: version ${version} was acknowledged and is lost`);
    if (found.length > 1) faults.push(`${flag}: the change acknowledged as version ${version} is there ${found.length} times`);
    if (found.length === 1 && found[0]!.version !== version) faults.push(`${flag}: acknowledged as version ${version}, is ${found[0]!.version}`);
  }
  history.forEach(({ version }, index) => {
    if (version !== index + 1) faults.push(`${flag}: version ${version} stands at place ${index + 1}`);
  });
  if (history.length > acknowledged.length) faults.push(`${flag}: ${history.length} changes in the history, ${acknowledged.length} were acknowledged`);
  return faults;
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const near = (a: number | null | undefined, b: number): boolean => typeof a === 'number' && Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b));

const armFaults = ({ variantId, sampleSize, metrics }: ExperimentResults['variants'][number], own: readonly AcknowledgedSubject[]): string[] => {
  const faults = sampleSize === own.length ? [] : [`${variantId}: ${sampleSize} subjects reported, ${own.length} acknowledged`];
  if (own.length === 0) return faults;
  const expected = { [KM]: sum(own.map((subject) => sum(subject.km))) / own.length, [DONE]: own.filter((subject) => subject.done).length / own.length };
  const wrong = Object.entries(expected).filter(([metric, mean]) => !near(metrics[metric]?.mean, mean));
  return [...faults, ...wrong.map(([metric, mean]) => `${variantId}: ${metric} has mean ${metrics[metric]?.mean}, ${mean} was acknowledged`)];
};

/** Every acknowledged event counted exactly once: subjects, converted subjects and the sum of all values, variant by variant. */
export const reportFaults = (subjects: Iterable<AcknowledgedSubject>, results: ExperimentResults): string[] => {
  const exposed = [...subjects].filter((subject) => subject.exposed);
  const excluded = results.excluded.multipleVariants;
  return [
    ...(excluded === 0 ? [] : [`${excluded} subjects are excluded, none was seen in two variants`]),
    ...results.variants.flatMap((variant) => armFaults(variant, exposed.filter((subject) => subject.variant === variant.variantId))),
  ];
};

const CATCH_UP_MS = 60_000;
const SETTLE_MS = 1_500;

/** Waits until `look` finds no fault, then looks once more after a while, since doing something twice takes a little longer; answers the faults left. */
const settled = async (look: () => Promise<string[]>, limitMs = CATCH_UP_MS): Promise<string[]> => {
  let faults: string[] = [];
  await until('no fault is left', async () => (faults = await look()).length === 0, limitMs).catch((error: Error) => {
    if (faults.length === 0) faults = [error.message];
  });
  if (faults.length > 0) return faults;
  await new Promise((done) => setTimeout(done, SETTLE_MS));
  return look();
};

const servedFaults = (ledger: Ledger, served: readonly Flag[]): string[] =>
  [...new Set(ledger.changes.map(({ flag }) => flag))].flatMap((key) => {
    const flag = served.find((one) => one.key === key);
    const version = ledger.versionOf(key);
    return flag?.version === version && flag.defaultValue === `v${version}` ? [] : [`${key}: version ${version} was acknowledged, ${flag?.version} (${String(flag?.defaultValue)}) is served`];
  });

const experimentFaults = (ledger: Ledger, experiments: readonly Experiment[]): string[] =>
  ledger.experiments.flatMap(({ id, key }) => {
    const found = experiments.filter((one) => one.key === key);
    if (found.length !== 1 || found[0]!.id !== id) return [`experiment ${key} was acknowledged as ${id}, and is there ${found.length} times (${found.map((one) => one.id).join(', ')})`];
    return found[0]!.linked ? [] : [`experiment ${key} has no flag (${found[0]!.refusal ?? 'not refused either'})`];
  });

/** Every acknowledged flag change is in the history exactly once, and the last is what evaluators serve. */
export const flagFaults = async (ledger: Ledger, admin: Api, server: Api): Promise<string[]> => {
  const keys = [...new Set(ledger.changes.map(({ flag }) => flag))];
  const histories = await Promise.all(keys.map(async (key) => historyFaults(key, ledger.changes.filter(({ flag }) => flag === key), await admin.all<Told>(`/api/flags/${key}/history`))));
  const served = await settled(async () => servedFaults(ledger, (await server.get<{ flags: Flag[] }>('/v1/ruleset')).flags));
  return [...histories.flat(), ...served];
};

/** Every acknowledged experiment is there once and got its flag. */
export const sagaFaults = (ledger: Ledger, admin: Api): Promise<string[]> => settled(async () => experimentFaults(ledger, await admin.all<Experiment>('/api/experiments')));

/** The report counts every acknowledged event exactly once. */
export const evidenceFaults = (ledger: Ledger, admin: Api, experimentId: string, limitMs = CATCH_UP_MS): Promise<string[]> =>
  settled(async () => reportFaults(ledger.subjects.values(), await admin.get<ExperimentResults & Record<string, unknown>>(`/api/experiments/${experimentId}/results`)), limitMs);

/** `pataka verify`: hash chain, versions, positions, and every projection against its rebuild. */
export const verifyFaults = (pataka: PatakaProcess): string[] => {
  const { status, output } = pataka.cli('verify');
  return status === 0 ? [] : [`pataka verify ended with ${status}:\n${output}`];
};

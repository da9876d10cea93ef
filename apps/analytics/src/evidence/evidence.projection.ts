import { topics, type Correction, type CorrectionChange, type Experiment, type ExperimentChange, type Metric, type MetricChange } from '@pataka/contracts';
import { inStretches, type EventBatch, type Projection, type ReceivedEvent, type Refused, type Sql } from '@pataka/event-sourcing';
import { conversionRow, exposureRow } from './archive-row';
import { ArchiveStore } from './archive-store';
import { DefinitionStore, planDifference } from './definition-store';
import type { Plan } from './evidence-plan';
import type { Taken } from './event-outcomes';
import { evidenceFill, setUpTransaction } from './evidence-fill';
import { evidenceDdl, evidenceIndexes, evidenceTables } from './evidence-tables';
import { EvidenceWriter } from './evidence-writer';
import { SubjectCache } from './subject-cache';

export const EVIDENCE = 'evidence';
// A replay reads them in this order: with the definitions known first, no experiment has to be weighed twice.
export const evidenceTopics = [topics.experimentEvents.name, topics.metricChanges.name, topics.exposures.name, topics.conversions.name] as const;

// Bounds the memory of one statement; a record may carry hundreds of events.
const CHUNK = 5000;
interface Taking { sql: Sql; schema: string; writer: EvidenceWriter; refused: Refused[] }

const refuse = (event: ReceivedEvent, reason: string): Refused => ({ record: event.record, index: event.index, reason });

const takeRows = async <Row>(events: readonly ReceivedEvent[], toRow: (event: ReceivedEvent) => Row | string, taking: Taking, take: (rows: Row[]) => Promise<void>): Promise<void> => {
  for (let start = 0; start < events.length; start += CHUNK) {
    const rows: Row[] = [];
    await inStretches(events.slice(start, start + CHUNK), (event) => {
      const row = toRow(event);
      if (typeof row === 'string') taking.refused.push(refuse(event, row));
      else rows.push(row);
    });
    if (rows.length > 0) await take(rows);
  }
};

const isExperiment = (value: Partial<Experiment> | undefined): value is Experiment =>
  typeof value?.id === 'string' && typeof value.key === 'string' && Number.isInteger(value.version) && Array.isArray(value.phases)
  && [value.variants, value.successMetrics, value.guardrailMetrics, value.safetyMetrics].every(Array.isArray);

const isMetric = (value: Partial<Metric> | undefined): value is Metric => typeof value?.key === 'string' && Number.isInteger(value.version);

const rebuildWhereNeeded = async (changes: readonly { before: Plan | null; after: Plan }[], { sql, schema, writer }: Taking): Promise<void> => {
  const archive = new ArchiveStore(sql, schema);
  for (const { before, after } of changes) {
    const difference = planDifference(before, after);
    if (difference === 'more' || (difference === 'phases' && (await archive.hasExposureWithoutPhase(after.experiment)))) await writer.rebuildExperiment(after);
  }
};

const takeExperiments = async (events: readonly ReceivedEvent[], taking: Taking): Promise<void> => {
  const definitions = new DefinitionStore(taking.sql, taking.schema);
  const [catalogue, corrections] = [await definitions.catalogue(), await definitions.corrections()];
  const newest = new Map<string, Experiment>();
  for (const event of events) {
    const experiment = (event.data as unknown as Partial<ExperimentChange> | null)?.experiment;
    if (!isExperiment(experiment)) taking.refused.push(refuse(event, '/experiment is no experiment document'));
    else if (experiment.version > (newest.get(experiment.id)?.version ?? 0)) newest.set(experiment.id, experiment);
  }
  for (const experiment of newest.values()) {
    const change = await definitions.takeExperiment(experiment, catalogue, corrections);
    if (change === null) continue;
    taking.writer.touched.add(experiment.id);
    if (planDifference(change.before, change.after) !== 'none') await rebuildWhereNeeded([change], taking);
  }
};

const isCorrection = (value: Partial<Correction> | undefined): value is Correction =>
  typeof value?.id === 'string' && typeof value.kind === 'string' && Number.isInteger(value.version) && (value.kind !== 'values' || typeof value.metric === 'string');

// A correction of some subjects builds these anew and leaves all others as they are.
const applyCorrections = async (changed: readonly Correction[], taking: Taking): Promise<void> => {
  const definitions = new DefinitionStore(taking.sql, taking.schema);
  const changes = await definitions.replanned();
  const keys = changed.map(({ subjects }) => subjects);
  if (changes.length === 0) return;
  if (keys.every((list) => list !== undefined)) {
    return taking.writer.rebuildSubjects(keys.flat(), changes.map(({ after }) => after.experiment), () => definitions.savePlans(changes));
  }
  await definitions.savePlans(changes);
  await rebuildWhereNeeded(changes, taking);
};

const takeMetrics = async (events: readonly ReceivedEvent[], taking: Taking): Promise<void> => {
  const definitions = new DefinitionStore(taking.sql, taking.schema);
  const [metrics, corrections]: [Metric[], Correction[]] = [[], []];
  for (const event of events) {
    const { metric, correction } = (event.data ?? {}) as unknown as Partial<MetricChange & CorrectionChange>;
    if (isMetric(metric)) metrics.push(metric);
    else if (isCorrection(correction)) corrections.push(correction);
    else taking.refused.push(refuse(event, 'is neither a metric definition nor a correction'));
  }
  if ((await definitions.takeMetrics(metrics)).length > 0) {
    const changes = await definitions.replanned();
    await definitions.savePlans(changes);
    await rebuildWhereNeeded(changes, taking);
  }
  const changed = await definitions.takeCorrections(corrections);
  if (changed.length > 0) await applyCorrections(changed, taking);
};

// Definitions decide what every shard folds: they change while nobody folds. Admin rates make that cheap.
const takeDefinitions = async (events: readonly ReceivedEvent[], taking: Taking, take: (events: readonly ReceivedEvent[], taking: Taking) => Promise<void>): Promise<void> => {
  if (events.length === 0) return;
  await taking.writer.lockDefinitions();
  await take(events, taking);
};

const takers: Record<string, (events: readonly ReceivedEvent[], taking: Taking) => Promise<void>> = {
  [topics.exposures.name]: (events, taking) => takeRows(events, exposureRow, taking, (rows) => taking.writer.takeExposures(rows)),
  [topics.conversions.name]: (events, taking) => takeRows(events, conversionRow, taking, (rows) => taking.writer.takeConversions(rows)),
  [topics.experimentEvents.name]: (events, taking) => takeDefinitions(events, taking, takeExperiments),
  [topics.metricChanges.name]: (events, taking) => takeDefinitions(events, taking, takeMetrics),
};

// A fill follows definitions into a generation without a mark of its own: whoever takes definitions leaves nothing in the cache.
const isHot = ({ topic }: EventBatch): boolean => topic === topics.exposures.name || topic === topics.conversions.name;

/** Hears of the experiments whose evidence has changed, and of what became of the events. */
export type OnCommitted = (experiments: string[], taken: Taken) => void;

/** Exposures and conversions to evidence, once each whatever is delivered twice, late or in another order. */
export const evidenceProjection = (onCommitted: OnCommitted = () => undefined): Projection => {
  const cache = new SubjectCache();
  const written = new WeakMap<EventBatch, EvidenceWriter>();
  return {
    name: EVIDENCE, topics: evidenceTopics, tables: evidenceTables, create: evidenceDdl, index: evidenceIndexes, fill: evidenceFill(),
    apply: async (sql, schema, batch) => {
      await setUpTransaction(sql);
      const taking: Taking = { sql, schema, writer: new EvidenceWriter(sql, schema, isHot(batch) ? cache : undefined), refused: [] };
      await takers[batch.topic]?.(batch.events, taking);
      written.set(batch, taking.writer);
      return taking.refused;
    },
    committed: (batch) => {
      const writer = written.get(batch);
      if (writer !== undefined) onCommitted([...writer.touched], writer.taken);
    },
  };
};

import { readFileSync } from 'node:fs';
import type { ExplainAnswer, ExplainRequest, JsonObject } from '@pataka/contracts';
import { type Explanation, parseInstant, prepareContext } from '@pataka/evaluation';
import { Command } from 'commander';
import { ApiError, type Client, clientFromEnvironment } from './client';
import { askExplanation, contextOf, findRecorded, type Joined, recompute, type RecordedExposure } from './explain-recorded';
import { answerLines, answerText, type Paint, paintFor } from './explain-tree';

interface Options { key?: string; context?: string; environment: string; at?: string; position?: string; recorded?: boolean; json?: boolean }
type Context = JsonObject;
type Answer = ExplainAnswer<Explanation>;
type ContextFrom = 'the context given' | 'the recorded attributes' | 'the key alone';

/** What `--json` prints. `answer` is null where the recorded exposure itself was asked for: it is in `joined`. */
interface Output { flagKey: string; environment: string; joined: Joined | null; recordedUnknown: string | null; answer: Answer | null; contextFrom: ContextFrom }

/** See docs/explaining.md. */
const exits = { failure: 1, usage: 2, notFound: 3, refused: 5, differs: 6 } as const;

class UsageError extends Error {}
class NotFound extends Error {}

const givenContext = (text: string): Context => {
  let value: unknown;
  try {
    value = JSON.parse(text.startsWith('@') ? readFileSync(text.slice(1), 'utf8') : text);
  } catch (error) {
    throw new UsageError(`--context: ${(error as Error).message}`);
  }
  const context = prepareContext(value);
  if ('errorCode' in context) throw new UsageError(`--context: ${context.errorDetails}`);
  return value as Context;
};

const checked = ({ at, position, recorded, key, context }: Options): void => {
  if (at !== undefined && parseInstant(at) === undefined) throw new UsageError(`--at: "${at}" is no RFC 3339 instant with a zone`);
  if (position !== undefined && !/^\d{1,15}$/.test(position)) throw new UsageError(`--position: "${position}" is no whole number`);
  if (key === undefined && context === undefined) throw new UsageError('say for whom: --key, --context or both');
  if (recorded === true && position !== undefined) throw new UsageError('--recorded brings its own position');
};

const keyOf = (context: Context | null, options: Options): string | undefined => {
  if (options.key !== undefined || context === null) return options.key;
  const prepared = prepareContext(context);
  return 'errorCode' in prepared ? undefined : prepared.targetingKey;
};

/** What was recorded, if that can be told: an explanation does without, and says why. */
const recordedOf = async (client: Client, flagKey: string, key: string | undefined, { environment, at, recorded, position }: Options): Promise<RecordedExposure | string | null> => {
  if (key === undefined || recorded === false || position !== undefined) return null;
  try {
    return await findRecorded(client, { key, flagKey, environment, until: at });
  } catch (error) {
    if (recorded === true || !(error instanceof ApiError) || error.status === 401) throw error;
    return error.message;
  }
};

const whole = (context: Context | null, key: string | undefined, exposure: RecordedExposure | null): { context: Context; contextFrom: ContextFrom } => {
  if (context !== null) return { context: key === undefined ? context : { ...context, targetingKey: key }, contextFrom: 'the context given' };
  if (exposure !== null) return { context: contextOf(exposure), contextFrom: 'the recorded attributes' };
  return { context: key === undefined ? {} : { targetingKey: key }, contextFrom: 'the key alone' };
};

const nothingRecorded = (flagKey: string, key: string | undefined, { environment, at }: Options): NotFound =>
  new NotFound(`no exposure of ${key ?? 'nobody'} to ${flagKey} in ${environment} is recorded${at === undefined ? '' : ` up to ${at}`}`);

const requestOf = (flagKey: string, context: Context, { environment, at, position }: Options): ExplainRequest =>
  ({ flagKey, environment, context, ...(at === undefined ? {} : { at }), ...(position === undefined ? {} : { position: Number(position) }) });

const find = async (flagKey: string, options: Options): Promise<Output> => {
  checked(options);
  const { environment, recorded } = options;
  const given = options.context === undefined ? null : givenContext(options.context);
  const key = keyOf(given, options);
  const client = clientFromEnvironment();
  const found = await recordedOf(client, flagKey, key, options);
  const exposure = typeof found === 'string' ? null : found;
  if (recorded === true && exposure === null) throw nothingRecorded(flagKey, key, options);
  const joined = exposure === null ? null : await recompute(client, exposure, flagKey, environment);
  const { context, contextFrom } = whole(given, key, exposure);
  const answer = recorded === true ? null : await askExplanation(client, requestOf(flagKey, context, options));
  return { flagKey, environment, joined, recordedUnknown: typeof found === 'string' ? found : null, answer, contextFrom };
};

const recordedLines = ({ joined, recordedUnknown }: Output, paint: Paint): string[] => {
  if (recordedUnknown !== null) return [`recorded: cannot be told (${recordedUnknown})`, ''];
  if (joined === null) return [];
  const { recorded, recomputed, agrees, differences } = joined;
  const { receipt } = recorded;
  const receiptText = receipt === undefined ? 'no receipt' : `receipt: position ${receipt.position}, rule ${receipt.ruleId}, bucket ${receipt.bucket}, probability ${receipt.probability}, flag version ${receipt.flagVersion}, engine ${receipt.engine}`;
  return [
    paint.strong(`recorded: variant ${recorded.variant} of experiment ${recorded.experimentId} at ${recorded.occurredAt}`), `    ${receiptText}`,
    `    recomputed from the recorded attributes at position ${recomputed.position}: ${answerText(recomputed.explanation.evaluation)}`,
    agrees ? `    ${paint.good('✓ both agree')}` : `    ${paint.bad('✗ they differ')}`,
    ...differences.map(({ of, recorded: was, recomputed: is }) => `        ${of}: recorded ${JSON.stringify(was)}, recomputed ${JSON.stringify(is)}`),
    ...(agrees ? [] : recomputed.notes.map((note) => `        note: ${note}`)), '',
  ];
};

const linesOf = (output: Output, paint: Paint): string[] => {
  const { answer, joined, contextFrom } = output;
  const tree = answer !== null ? answerLines(answer, contextFrom, paint) : joined === null ? [] : answerLines(joined.recomputed, 'the recorded attributes', paint);
  return [...recordedLines(output, paint), ...tree];
};

const exitOf = ({ joined, answer }: Output): number => {
  if (joined?.agrees === false) return exits.differs;
  return answer?.explanation.evaluation.errorCode === 'FLAG_NOT_FOUND' ? exits.notFound : 0;
};

const exitOfError = (error: unknown): number => {
  if (error instanceof UsageError) return exits.usage;
  if (error instanceof NotFound) return exits.notFound;
  if (!(error instanceof ApiError)) return exits.failure;
  if (error.status === 401 || error.status === 403) return exits.refused;
  return error.status === 400 ? exits.usage : exits.failure;
};

const explainFlag = async (flagKey: string, options: Options): Promise<void> => {
  try {
    const output = await find(flagKey, options);
    const paint = paintFor(process.stdout.isTTY === true && (process.env['NO_COLOR'] ?? '') === '');
    console.log(options.json === true ? JSON.stringify(output, null, 2) : linesOf(output, paint).join('\n'));
    process.exitCode = exitOf(output);
  } catch (error) {
    process.stderr.write(`pataka: ${(error as Error).message}\n`);
    process.exitCode = exitOfError(error);
  }
};

/** `pataka explain` */
export const explainCommand = (): Command => new Command('explain')
  .description('why a context gets what it gets, got what it got, or will get what it will: every rule with each condition’s outcome, beside what was recorded')
  .argument('<flag>').option('--key <targeting key>', 'for whom').option('--context <json>', 'attributes: JSON, or @file').option('--environment <environment>', '', 'production')
  .option('--at <instant>', 'as of then; a later instant by today’s rules').option('--position <number>', 'by the configuration of a receipt')
  .option('--recorded', 'explain the recorded exposure itself, by its receipt').option('--no-recorded', 'do not look for what was recorded').option('--json', 'the structure instead of a tree').action(explainFlag);

import type { Condition, Correction, ExclusionRule, JsonObject, JsonValue } from '@pataka/contracts';
import { compileRuleset, evaluateValue, prepareContext } from '@pataka/evaluation';
import type { Micros } from './instant';

/** What is kept of an exposure's attributes: the value of each segment, in the order of the attributes, and the rule that leaves the subject out. */
export interface ExposureNote { s?: string[]; x?: string }
export interface Noted { at: Micros; targetKey: string; attributes?: JsonObject | undefined }
export type NoteTaker = (exposure: Noted) => ExposureNote;

const MOST_TEXT = 40;
/** What names one thing and not a kind of things: a number of many digits, or a UUID. Kept, it would make as many segments as there are subjects. */
const NAMES_ONE = /\d{5}|^[0-9a-f]{8}-[0-9a-f]{4}-/i;
const NUMBER = /^-?\d{1,12}(\.\d+)?$/;
const STEPS = [0, 1, 2, 5, 10, 50, 100, 500, 1000];

const stepOf = (value: number): string => {
  if (value < 0) return 'below 0';
  const index = STEPS.findLastIndex((step) => value >= step);
  const [from, next] = [STEPS[index]!, STEPS[index + 1]];
  if (next === undefined) return `${from} and more`;
  return next === from + 1 ? String(from) : `${from} to ${next - 1}`;
};

/** The segment of an attribute's value: words as they are, numbers by size, `other` for what is neither. */
export const segmentOf = (value: JsonValue | undefined): string => {
  if (value === undefined || value === null) return 'none';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return stepOf(value);
  if (typeof value !== 'string') return 'other';
  const text = value.trim();
  if (NUMBER.test(text)) return stepOf(Number(text));
  return text === '' || text.length > MOST_TEXT || NAMES_ONE.test(text) ? 'other' : text;
};

const FLAG = 'exclusions';
interface Rule { name: string; conditions: Condition[] }

/** The name of the first rule whose conditions an exposure meets. Rules are those of flags, evaluated by the same engine. */
const firstRule = (rules: readonly Rule[]): ((exposure: Noted) => string | null) => {
  const served = rules.map(({ name, conditions }, index) => ({ id: `r${index}`, priority: rules.length - index, conditions, value: name }));
  const ruleset = compileRuleset({
    environment: FLAG, position: 0, segments: [], regions: [], calendars: [],
    flags: [{
      key: FLAG, name: FLAG, type: 'STRING', status: 'ACTIVE', defaultValue: '', environments: { [FLAG]: { enabled: true, rules: served } },
      version: 1, createdBy: '', createdAt: '', updatedAt: '', evaluationCount: 0, lastEvaluated: null,
    } as unknown as Parameters<typeof compileRuleset>[0]['flags'][number]],
  });
  return ({ at, targetKey, attributes }) => {
    const context = prepareContext({ ...attributes, targetingKey: targetKey, user_id: undefined, timestamp: undefined });
    if ('errorCode' in context) return null;
    const name = evaluateValue(ruleset, FLAG, context, at / 1000, '');
    return typeof name === 'string' && name !== '' ? name : null;
  };
};

/** The name under which subjects that a correction leaves out are counted. */
export const correctionName = (id: string): string => `correction ${id}`;

/** What to note of exposures; null where nothing is asked for, so that nothing is done. */
export const exposureNotes = (segments: readonly string[], exclusions: readonly ExclusionRule[], corrections: readonly Correction[]): NoteTaker | null => {
  const byCorrection = corrections.flatMap(({ id, kind, conditions }) => (kind === 'subjects' && conditions !== undefined ? [{ name: correctionName(id), conditions }] : []));
  const rules = [...exclusions, ...byCorrection];
  if (segments.length === 0 && rules.length === 0) return null;
  const ruleOf = rules.length === 0 ? () => null : firstRule(rules);
  return (exposure) => {
    const rule = ruleOf(exposure);
    return { ...(segments.length === 0 ? {} : { s: segments.map((attribute) => segmentOf(exposure.attributes?.[attribute])) }), ...(rule === null ? {} : { x: rule }) };
  };
};

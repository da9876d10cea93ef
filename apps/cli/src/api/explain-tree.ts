import type { Condition, ExplainAnswer } from '@pataka/contracts';
import type { ConditionExplanation, Evaluation, Explanation, PrerequisiteExplanation, RuleExplanation, TrafficExplanation } from '@pataka/evaluation';

/** Colours a text, or leaves it alone. */
export interface Paint { good(text: string): string; bad(text: string): string; dim(text: string): string; strong(text: string): string }

const ansi = (code: number) => (text: string): string => `\u001b[${code}m${text}\u001b[0m`;
const as = (text: string): string => text;

/** Colours for people, none for programs. */
export const paintFor = (colours: boolean): Paint => (colours ? { good: ansi(32), bad: ansi(31), dim: ansi(2), strong: ansi(1) } : { good: as, bad: as, dim: as, strong: as });

const text = (value: unknown): string => (value === undefined ? 'missing' : JSON.stringify(value));
const indented = (lines: readonly string[]): string[] => lines.map((line) => `    ${line}`);
const mark = (holds: boolean, paint: Paint): string => (holds ? paint.good('✓') : paint.bad('✗'));

/** An evaluation in a few words. */
export const answerText = (evaluation: Evaluation): string => {
  if (evaluation.errorCode !== undefined) return `${evaluation.errorCode}: ${evaluation.errorDetails}`;
  const rule = evaluation.ruleId === undefined ? '' : `, rule ${evaluation.ruleId}`;
  const experiment = evaluation.experimentId === undefined ? '' : `, experiment ${evaluation.experimentId}`;
  return `${text(evaluation.value)} (variant ${evaluation.variant}, ${evaluation.reason}${rule}${experiment})`;
};

const named = ({ operator, value }: Condition): string => `${operator} ${text(value)}`;

const conditionTitle = ({ condition, actual }: ConditionExplanation): string => {
  if (typeof condition !== 'object' || condition === null) return `${text(condition)} is no condition`;
  if (condition.any !== undefined) return 'any of';
  if (condition.all !== undefined) return 'all of';
  if (condition.not !== undefined) return 'not';
  return condition.attribute === undefined ? named(condition) : `${condition.attribute} ${named(condition)}: it is ${text(actual)}`;
};

const conditionLines = (explained: ConditionExplanation, paint: Paint): string[] => [
  `${mark(explained.holds, paint)} ${conditionTitle(explained)}`,
  ...indented((explained.members ?? []).flatMap((member) => conditionLines(member, paint))),
  ...indented((explained.segments ?? []).flatMap((segment) => [
    `${mark(segment.contains, paint)} segment ${segment.key}: ${segment.reason}`, ...indented(segment.conditions.flatMap((one) => conditionLines(one, paint))),
  ])),
  ...indented((explained.calendars ?? []).map(({ key, contains, known }) => `${mark(contains, paint)} calendar ${key}${known ? '' : ': unknown'}`)),
];

const scheduleLines = ({ schedule }: RuleExplanation, paint: Paint): string[] => {
  if (schedule === undefined) return [];
  const bounds = [['from', schedule.from], ['until', schedule.until]] as const;
  return [
    `${mark(schedule.open, paint)} schedule`,
    ...indented([
      ...bounds.flatMap(([name, bound]) => (bound === undefined ? [] : [`${mark(bound.holds, paint)} ${name} ${bound.instant}`])),
      ...schedule.windows.map(({ window, open }) => `${mark(open, paint)} ${window.days?.join(' ') ?? 'every day'} ${window.start} to ${window.end} ${window.timezone}`),
    ]),
  ];
};

const inclusionLine = ({ percentage, bucket, threshold, bucketBy, unit, salt }: RuleExplanation, paint: Paint): string => {
  if (bucket !== undefined) return `${mark(bucket < threshold, paint)} ${percentage}%: bucket ${bucket} ${bucket < threshold ? 'is' : 'is not'} below ${threshold} (${bucketBy} ${text(unit)}, salt ${text(salt)})`;
  const asksKey = percentage! > 0 && percentage! < 100;
  return asksKey ? `${mark(false, paint)} ${percentage}%: ${bucketBy} is missing` : `${mark(threshold > 0, paint)} ${percentage}%`;
};

const splitLine = ({ shares, splitBucket, splitVariant, bucketBy }: RuleExplanation, paint: Paint): string => {
  const limits = shares.map(({ variant, below }) => `${variant} below ${below}`).join(', ');
  const found = splitBucket === undefined ? `${bucketBy} is missing` : `bucket ${splitBucket} is ${splitVariant ?? 'nobody’s'}`;
  return `${mark(splitVariant !== undefined, paint)} split: ${found} (${limits})`;
};

const trafficLine = ({ bucketBy, unit, salt, bucket, from, until, holds }: TrafficExplanation, paint: Paint): string => {
  const found = bucket === undefined ? (unit === undefined ? `${bucketBy} is missing` : 'everyone') : `bucket ${bucket} ${holds ? 'lies in' : 'is outside'} ${from} to ${until}`;
  return `${mark(holds, paint)} traffic: ${found} (${bucketBy} ${text(unit)}, salt ${text(salt)})`;
};

const bucketLines = (rule: RuleExplanation, paint: Paint): string[] => [
  ...rule.traffic.map((range) => trafficLine(range, paint)),
  ...(rule.percentage === undefined ? [] : [inclusionLine(rule, paint)]), ...(rule.shares.length === 0 ? [] : [splitLine(rule, paint)]),
];

const findings: Record<RuleExplanation['finding'], string> = {
  served: 'serves', keyMissing: 'needs a key that the context has not', scheduleClosed: 'schedule closed', conditionsFailed: 'conditions fail', outsideTraffic: 'outside its share of a layer, or held out', notIncluded: 'percentage leaves it out', noVariant: 'no variant takes the bucket',
};

const ruleTitle = (rule: RuleExplanation, paint: Paint): string => {
  const found = rule.serves === undefined ? findings[rule.finding] : `${findings.served} ${text(rule.serves.value)} (variant ${rule.serves.variant})`;
  const name = `${rule.ruleId}${rule.priority === 0 ? '' : `, priority ${rule.priority}`}${rule.description === undefined || rule.description === '' ? '' : `, “${rule.description}”`}`;
  if (rule.outcome === 'notReached') return paint.dim(`· rule ${name}: not reached; on its own: ${found}`);
  return rule.outcome === 'served' ? `${paint.good('➜')} ${paint.strong(`rule ${name}: ${found}`)}` : `${paint.bad('✗')} rule ${name}: ${found}`;
};

const ruleLines = (rule: RuleExplanation, paint: Paint): string[] => [
  ruleTitle(rule, paint), ...indented([...scheduleLines(rule, paint), ...rule.conditions.flatMap((condition) => conditionLines(condition, paint)), ...bucketLines(rule, paint)]),
];

const prerequisiteLine = ({ flag, expected, actual, holds }: PrerequisiteExplanation, paint: Paint): string =>
  `${mark(holds, paint)} prerequisite ${flag} = ${text(expected)}: ${actual === undefined ? 'there is no such flag' : `it answers ${answerText(actual)}`}`;

const stateLines = ({ enabled, disabledBy, needsRing, evaluation }: Explanation, paint: Paint): string[] => {
  if (evaluation.errorCode === 'FLAG_NOT_FOUND') return [];
  const why = { status: 'its status is not ACTIVE', environmentMissing: 'it does not list this environment', environmentOff: 'it is switched off in this environment' };
  return [
    ...(enabled || disabledBy === undefined ? [] : [`${mark(false, paint)} the flag is disabled: ${why[disabledBy]}`]),
    ...(needsRing ? [`${mark(false, paint)} its prerequisites lead into a ring`] : []),
  ];
};

const bases: Record<ExplainAnswer['basis']['kind'], string> = {
  present: 'by the rules served now', past: 'by the rules of then', position: 'by the configuration of that position', future: 'by today’s rules at a later instant',
};

const changeLines = ({ lastChange }: ExplainAnswer<Explanation>): string[] =>
  lastChange === undefined ? [] : [`last change: ${lastChange.type} at position ${lastChange.position}${lastChange.at === null ? '' : `, ${lastChange.at}`}, by ${lastChange.actor}${lastChange.reason === undefined ? '' : `: ${lastChange.reason}`}`];

/** What somebody reads who asks why. */
export const answerLines = (answer: ExplainAnswer<Explanation>, from: string, paint: Paint): string[] => {
  const { explanation, environment, position, at, engine, basis, notes } = answer;
  return [
    paint.strong(`${explanation.flagKey} in ${environment}: ${answerText(explanation.evaluation)}`),
    paint.dim(`recomputed ${bases[basis.kind]}: position ${position}, judged at ${at}, engine ${engine.version}, from ${from}`),
    ...changeLines(answer).map((line) => paint.dim(line)),
    ...(basis.excludes.length === 0 ? [] : [paint.dim(`not in it: ${basis.excludes.join('; ')}`)]),
    ...notes.map((note) => `note: ${note}`),
    ...stateLines(explanation, paint), ...explanation.prerequisites.map((one) => prerequisiteLine(one, paint)), ...explanation.rules.flatMap((rule) => ruleLines(rule, paint)),
  ];
};

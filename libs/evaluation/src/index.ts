export { bucketOf, serialiseBucketKey } from './bucket';
export { conditionsFaults } from './condition-faults';
export { instant as instantFault } from './condition-operands';
export { Context, prepareContext } from './context';
export { findPrerequisiteCycle, findSegmentCycle } from './cycle';
export { ENGINE_VERSION, evaluate, evaluateTogether, evaluateValue } from './evaluate';
export { Evaluator } from './evaluator';
export type { ErrorCode, Evaluation, Failure, Reason, Served, Tally, Unserved } from './evaluation';
export { explain, type ConditionExplanation, type Explanation, type PrerequisiteExplanation, type RuleExplanation, type RuleFinding, type RuleOutcome,
  type CalendarExplanation, type DisabledBy, type ScheduleExplanation, type SegmentExplanation, type TrafficExplanation } from './explain';
export { parseInstant } from './instant';
export { faultOf, isRecord, listOf, reservedName, type Check } from './faults';
export { finish, keyListsNamedBy, keyListSteps, MAX_KEY_LIST_BYTES, type KeyList, type KeyLists, type KeyListText } from './key-list';
export { foldKeyListSteps, KeyListCursor } from './key-list-fold';
export { md5First32 } from './md5';
export { MAX_REGEX_LENGTH, validateRegex } from './regex';
export { compileRuleset, CompiledRuleset, type Ruleset, type RulesetChange } from './ruleset';
export type { FlagPlace } from './places';
export { clockOf, isTimeZone, type LocalTime } from './zone';

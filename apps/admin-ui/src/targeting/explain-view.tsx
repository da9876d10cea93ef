import type { ReactNode } from 'react';
import type { ConditionExplanation, Explanation, PrerequisiteExplanation, RuleExplanation } from '@pataka/evaluation';
import { useFormats } from '../i18n/format';
import { type Translate, useT } from '../i18n/intl';
import { Icon } from '../ui/icons';
import { ConditionText } from './condition-text';
import { shortValue } from './value-text';

/** Holds or not: a mark, and the word for whoever cannot see it. */
function Verdict({ holds, children }: { holds: boolean; children: ReactNode }) {
  const t = useT();
  return <div className={`verdict ${holds ? 'yes' : 'no'}`}><Icon name={holds ? 'check' : 'close'} size={14} /><span className="visually-hidden">{t(holds ? 'targeting.explain.holds' : 'targeting.explain.fails')} </span><div>{children}</div></div>;
}

const actualText = ({ condition, actual }: ConditionExplanation, t: Translate): string | null => {
  if (condition.attribute === undefined) return null;
  return actual === undefined || actual === null ? t('targeting.explain.missing') : t('targeting.explain.itIs', { value: shortValue(actual) });
};

function ConditionTree({ explained }: { explained: ConditionExplanation }) {
  const t = useT();
  const actual = actualText(explained, t);
  const how = explained.condition.any !== undefined ? 'any' : explained.condition.all !== undefined ? 'all' : 'not';
  return (
    <li>
      <Verdict holds={explained.holds}>
        {explained.members === undefined ? <ConditionText conditions={[explained.condition]} /> : t(`targeting.group.${how}`)}{actual !== null && <span className="faint"> · {actual}</span>}
      </Verdict>
      {explained.members !== undefined && <ul>{explained.members.map((member, index) => <ConditionTree key={index} explained={member} />)}</ul>}
      {explained.segments?.map(({ key, contains, reason, conditions }) => (
        <ul key={key}><li><Verdict holds={contains}>{t('targeting.explain.segment', { segment: key, reason: t.maybe(`targeting.explain.segment.${reason}`, reason) })}</Verdict>
          {conditions.length > 0 && <ul>{conditions.map((member, index) => <ConditionTree key={index} explained={member} />)}</ul>}</li></ul>
      ))}
      {explained.calendars?.map(({ key, contains, known }) => <ul key={key}><li><Verdict holds={contains}>{t(known ? 'targeting.explain.calendar' : 'targeting.explain.calendarUnknown', { calendar: key })}</Verdict></li></ul>)}
    </li>
  );
}

function Buckets({ rule }: { rule: RuleExplanation }) {
  const t = useT();
  const formats = useFormats();
  const places = { maximumFractionDigits: 3 };
  return (
    <>
      {rule.bucket !== undefined && <li><Verdict holds={rule.bucket < rule.threshold}>{t('targeting.explain.bucket', { unit: rule.unit ?? '', bucket: formats.number(rule.bucket / 1000, places), threshold: formats.number(rule.threshold / 1000, places) })}</Verdict></li>}
      {rule.splitBucket !== undefined && <li><Verdict holds={rule.splitVariant !== undefined}>{t('targeting.explain.split', { bucket: formats.number(rule.splitBucket / 1000, places), variant: rule.splitVariant ?? '–' })}</Verdict></li>}
      {rule.finding === 'keyMissing' && <li><Verdict holds={false}>{t('targeting.explain.keyMissing', { attribute: rule.bucketBy })}</Verdict></li>}
    </>
  );
}

function RuleTree({ rule }: { rule: RuleExplanation }) {
  const t = useT();
  return (
    <li className={`explained-rule ${rule.outcome}`}>
      <div className="row between wrap">
        <strong className="break">{rule.description !== undefined && rule.description !== '' ? rule.description : rule.ruleId}</strong>
        <span className={`badge ${rule.outcome === 'served' ? 'good' : rule.outcome === 'keyMissing' ? 'bad' : ''}`}>{t(`targeting.explain.outcome.${rule.outcome}`)}</span>
      </div>
      {rule.outcome === 'notReached' && <div className="tiny faint">{t('targeting.explain.wouldBe', { finding: t(`targeting.explain.outcome.${rule.finding}`) })}</div>}
      <ul>
        {rule.schedule !== undefined && <li><Verdict holds={rule.schedule.open}>{t(rule.schedule.open ? 'targeting.explain.scheduleOpen' : 'targeting.explain.scheduleClosed')}</Verdict></li>}
        {rule.conditions.map((condition, index) => <ConditionTree key={index} explained={condition} />)}
        {rule.conditions.length === 0 && <li><Verdict holds>{t('targeting.everyone')}</Verdict></li>}
        <Buckets rule={rule} />
      </ul>
    </li>
  );
}

function Prerequisites({ list }: { list: readonly PrerequisiteExplanation[] }) {
  const t = useT();
  return <ul>{list.map(({ flag, expected, actual, holds }) => <li key={flag}><Verdict holds={holds}>{t('targeting.explain.prerequisite', { flag, expected: shortValue(expected), actual: actual === undefined ? t('targeting.explain.noFlag') : shortValue(actual.value) })}</Verdict></li>)}</ul>;
}

/** The answer, and how it came about: the structure of `POST /v1/explain`, drawn. */
export function ExplainView({ explanation }: { explanation: Explanation }) {
  const t = useT();
  const { evaluation, disabledBy, prerequisites, rules } = explanation;
  const failed = evaluation.errorCode !== undefined;
  return (
    <div className="explained">
      <div className="answer" role="status">
        <span className="tiny faint">{t('targeting.explain.gets')}</span>
        <code>{failed ? evaluation.errorCode : shortValue(evaluation.value, 300)}</code>
        <span className="small soft">{failed ? evaluation.errorDetails : t('targeting.explain.because', { variant: evaluation.variant, reason: t.maybe(`targeting.reason.${evaluation.reason}`, evaluation.reason) })}</span>
      </div>
      {disabledBy !== undefined && <Verdict holds={false}>{t(`targeting.explain.disabled.${disabledBy}`)}</Verdict>}
      {prerequisites.length > 0 && <Prerequisites list={prerequisites} />}
      <ol className="explained">{rules.map((rule) => <RuleTree key={rule.ruleId} rule={rule} />)}</ol>
    </div>
  );
}

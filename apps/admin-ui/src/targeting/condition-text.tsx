import { Fragment, type ReactNode } from 'react';
import type { Condition, JsonValue, Operator } from '@pataka/contracts';
import { type Translate, useT } from '../i18n/intl';
import { meanings } from './operators';
import { useTargeting, type TargetingWorld } from './targeting-context';

/** In their own words: हिन्दी for hi; what is no language stays as it is. */
const languageName = (tag: string): string => {
  try {
    return new Intl.DisplayNames(tag, { type: 'language' }).of(tag) ?? tag;
  } catch {
    return tag;
  }
};

const namesOf = (operator: Operator, value: JsonValue, { segments, calendars, regions }: TargetingWorld): string[] => {
  const keys = (Array.isArray(value) ? value : [value]).map((one) => (typeof one === 'string' ? one : JSON.stringify(one)));
  const { operand } = meanings[operator];
  if (operand === 'segments') return keys.map((key) => segments.find(({ id }) => id === key)?.label ?? key);
  if (operand === 'calendars') return keys.map((key) => calendars.find(({ id }) => id === key)?.label ?? key);
  if (operand === 'languages') return keys.map((key) => languageName(key));
  if (operand === 'regions') return keys.map((key) => regions.find((region) => region.key === key)?.name ?? key);
  return keys;
};

const MOST_NAMED = 4;

const leafText = ({ attribute, operator = 'equals', value }: Condition, t: Translate, world: TargetingWorld): ReactNode => {
  const names = value === undefined ? [] : namesOf(operator, value, world);
  const shown = names.slice(0, MOST_NAMED);
  return (
    <>
      {attribute !== undefined && <code>{attribute}</code>} {t(`targeting.operator.${operator}`)} {shown.map((name, index) => <Fragment key={name}>{index > 0 && ', '}<strong>{name}</strong></Fragment>)}{names.length > MOST_NAMED && ` ${t('targeting.andMore', { count: names.length - MOST_NAMED })}`}
    </>
  );
};

const text = (condition: Condition, t: Translate, world: TargetingWorld): ReactNode => {
  const members = condition.any ?? condition.all;
  if (condition.not !== undefined) return <>{t('targeting.join.not')} ({text(condition.not, t, world)})</>;
  if (members === undefined) return leafText(condition, t, world);
  const joiner = t(condition.any === undefined ? 'targeting.join.and' : 'targeting.join.or');
  return <>({members.map((member, index) => <Fragment key={index}>{index > 0 && <em> {joiner} </em>}{text(member, t, world)}</Fragment>)})</>;
};

/** Conditions as a sentence. */
export function ConditionText({ conditions }: { conditions: readonly Condition[] }) {
  const t = useT();
  const world = useTargeting();
  if (conditions.length === 0) return <span>{t('targeting.everyone')}</span>;
  return <span className="condition-text">{conditions.map((condition, index) => <Fragment key={index}>{index > 0 && <em> {t('targeting.join.and')} </em>}{text(condition, t, world)}</Fragment>)}</span>;
}

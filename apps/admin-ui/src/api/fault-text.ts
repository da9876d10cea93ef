import type { Fault } from '@pataka/contracts';
import type { Translate } from '../i18n/intl';

/** What is wrong, in the reader's language where the server says by code what it is; else as it says it. */
export const faultText = ({ code, detail, params = {} }: Fault, t: Translate): string => (code === undefined ? detail : t.maybe(`common.fault.${code}`, detail, params));

const unescaped = (part: string): string => part.replaceAll('~1', '/').replaceAll('~0', '~');

/** A pointer as a person reads it: `/environments/production/rules/0/value` is “Environments › production › Rules › 1 › Value”. */
export const fieldText = (pointer: string, t: Translate): string => {
  if (pointer === '') return t('common.field.whole');
  return pointer.split('/').slice(1).map(unescaped).map((part) => (/^\d+$/.test(part) ? String(Number(part) + 1) : t.maybe(`common.field.${part}`, part))).join(' › ');
};

import { useT } from '../i18n/intl';
import { useTargeting } from './targeting-context';

/** What is wrong at a place of the draft, in words; undefined where nothing is. */
export const useFault = (pointer: string): string | undefined => {
  const t = useT();
  const { faults, refused } = useTargeting();
  const fault = faults.get(pointer);
  if (fault !== undefined) return `${t(fault.id, { detail: fault.detail ?? '' })}${fault.id === 'targeting.fault.regex' && fault.detail !== undefined ? ` (${fault.detail})` : ''}`;
  return refused.get(pointer);
};

import { useState } from 'react';
import { useT } from '../i18n/intl';
import { Button, IconButton } from './button';

const copy = async (text: string): Promise<boolean> => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // no permission, or no secure origin: the text can still be selected
  }
};

/** Puts a text on the clipboard and says so. */
export function CopyButton({ text, label, big }: { text: string; label?: string; big?: boolean }) {
  const t = useT();
  const [state, setState] = useState<'idle' | 'copied' | 'failed'>('idle');
  const press = (): void => void copy(text).then((done) => {
    setState(done ? 'copied' : 'failed');
    setTimeout(() => setState('idle'), 2_000);
  });
  const shown = state === 'copied' ? t('common.copied') : state === 'failed' ? t('common.copyFailed') : label ?? t('common.copy');
  const icon = state === 'copied' ? 'check' : 'copy';
  return big === true ? <Button icon={icon} onPress={press}>{shown}</Button> : <IconButton label={shown} icon={icon} small onPress={press} />;
}

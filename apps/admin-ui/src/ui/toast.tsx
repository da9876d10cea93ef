import { type ReactNode, useSyncExternalStore } from 'react';
import { useT } from '../i18n/intl';
import { IconButton } from './button';
import { Icon } from './icons';

interface Toast { id: number; look: 'good' | 'bad' | 'info'; text: ReactNode; action?: ReactNode }

const SHOWN_MS = { good: 5_000, info: 8_000, bad: 15_000 };
let toasts: readonly Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();

const set = (next: readonly Toast[]): void => {
  toasts = next;
  for (const listener of listeners) listener();
};
const dismiss = (id: number): void => set(toasts.filter((toast) => toast.id !== id));

/** Says that something happened. What a person has to act on belongs on the page, not here. */
export const toast = (text: ReactNode, look: Toast['look'] = 'good', action?: ReactNode): void => {
  const id = (last += 1);
  set([...toasts.slice(-3), { id, look, text, action }]);
  setTimeout(() => dismiss(id), SHOWN_MS[look]);
};

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};
const icons = { good: 'check', bad: 'alert', info: 'info' } as const;

export function Toasts() {
  const t = useT();
  const shown = useSyncExternalStore(subscribe, () => toasts);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map(({ id, look, text, action }) => (
        <div key={id} className={`toast ${look}`}>
          <Icon name={icons[look]} />
          <div className="grow small">{text}{action !== undefined && <div>{action}</div>}</div>
          <IconButton label={t('common.dismiss')} icon="close" small onPress={() => dismiss(id)} />
        </div>
      ))}
    </div>
  );
}

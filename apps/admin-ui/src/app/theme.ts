import { useSyncExternalStore } from 'react';

export type ThemeChoice = 'system' | 'light' | 'dark';
const CHOICE = 'pataka.theme';
const prefersDark = window.matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

const stored = localStorage.getItem(CHOICE);
let choice: ThemeChoice = stored === 'light' || stored === 'dark' ? stored : 'system';

const apply = (): void => {
  const dark = choice === 'dark' || (choice === 'system' && prefersDark.matches);
  document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
  for (const listener of listeners) listener();
};

export const setTheme = (next: ThemeChoice): void => {
  choice = next;
  localStorage.setItem(CHOICE, next);
  apply();
};

export const startTheme = (): void => {
  prefersDark.addEventListener('change', apply);
  apply();
};

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

export const useTheme = (): ThemeChoice => useSyncExternalStore(subscribe, () => choice);
/** Which of the two is shown, for charts that draw their own colours. */
export const useShownTheme = (): 'light' | 'dark' => useSyncExternalStore(subscribe, () => (document.documentElement.dataset['theme'] === 'dark' ? 'dark' : 'light'));

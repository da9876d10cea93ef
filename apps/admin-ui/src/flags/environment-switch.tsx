import { lazy, type ReactNode, Suspense, useCallback, useState } from 'react';
import { useQueryClient } from '@tanstack/react-query';
import type { Flag } from '@pataka/contracts';
import { useMay } from '../api/session';
import { useT } from '../i18n/intl';
import { Switch } from '../ui/switch';
import { explainError } from '../ui/states';
import { toast } from '../ui/toast';
import { switchEnvironment } from './flag-store';

/** People are served from here: a switch asks first. */
export const isGuarded = (environment: string): boolean => environment === 'production';

const ConfirmSwitch = lazy(() => import('./confirm-switch').then((module) => ({ default: module.ConfirmSwitch })));

/** Turns a flag on or off in an environment, asking first where people are served. */
export type AskSwitch = (flag: Flag, environment: string, on: boolean) => void;

/** Switching for any number of switches: what each calls, and the one dialog that asks. Turning off in production is one click more, turning on needs the key typed. */
export const useSwitching = (): { ask: AskSwitch; dialog: ReactNode } => {
  const t = useT();
  const client = useQueryClient();
  const [asked, setAsked] = useState<{ flag: Flag; environment: string; on: boolean } | null>(null);
  const run = useCallback((flag: Flag, environment: string, on: boolean, reason?: string): void => {
    setAsked(null);
    switchEnvironment(client, flag, environment, on, reason).then(
      () => toast(t(on ? 'flags.switch.doneOn' : 'flags.switch.doneOff', { flag: flag.name ?? flag.key, environment })),
      (error: unknown) => {
        const { title, advice } = explainError(error, t);
        toast(`${title}. ${advice}`, 'bad');
      },
    );
  }, [client, t]);
  const ask = useCallback<AskSwitch>((flag, environment, on) => (isGuarded(environment) ? setAsked({ flag, environment, on }) : run(flag, environment, on)), [run]);
  const dialog = asked === null ? null : <Suspense fallback={null}><ConfirmSwitch {...asked} onClose={() => setAsked(null)} onConfirm={(reason) => run(asked.flag, asked.environment, asked.on, reason)} /></Suspense>;
  return { ask, dialog };
};

/** The switch of a flag in one environment. */
export function EnvironmentSwitch({ flag, environment }: { flag: Flag; environment: string }) {
  const t = useT();
  const may = useMay('manage');
  const { ask, dialog } = useSwitching();
  return (
    <>
      <Switch label={t('flags.switch.label', { flag: flag.name ?? flag.key, environment })} on={flag.environments[environment]?.enabled === true} disabled={!may || flag.status === 'ARCHIVED'} onChange={(on) => ask(flag, environment, on)} />
      {dialog}
    </>
  );
}

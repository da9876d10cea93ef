import { lazy, Suspense, useState } from 'react';
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

/** The switch of a flag in one environment, wherever it is shown. Turning off in production is one click more, turning on needs the key typed. */
export function EnvironmentSwitch({ flag, environment, words }: { flag: Flag; environment: string; words?: boolean }) {
  const t = useT();
  const client = useQueryClient();
  const may = useMay('manage');
  const [asked, setAsked] = useState<boolean | null>(null);
  const on = flag.environments[environment]?.enabled === true;
  const run = (next: boolean, reason?: string): void => {
    setAsked(null);
    switchEnvironment(client, flag, environment, next, reason).then(
      () => toast(t(next ? 'flags.switch.doneOn' : 'flags.switch.doneOff', { flag: flag.name ?? flag.key, environment })),
      (error: unknown) => {
        const { title, advice } = explainError(error, t);
        toast(`${title}. ${advice}`, 'bad');
      },
    );
  };
  return (
    <>
      <Switch label={t('flags.switch.label', { flag: flag.name ?? flag.key, environment })} on={on} disabled={!may || flag.status === 'ARCHIVED'} onChange={(next) => (isGuarded(environment) ? setAsked(next) : run(next))} {...(words === undefined ? {} : { words })} />
      {asked !== null && <Suspense fallback={null}><ConfirmSwitch flag={flag} environment={environment} on={asked} onClose={() => setAsked(null)} onConfirm={(reason) => run(asked, reason)} /></Suspense>}
    </>
  );
}

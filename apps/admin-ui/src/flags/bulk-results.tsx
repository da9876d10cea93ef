import { isApiError } from '../api/client';
import { type Translate, useT } from '../i18n/intl';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { Icon } from '../ui/icons';
import { explainError } from '../ui/states';
import type { BulkOutcome } from './bulk';

const SHOWN = 100;

/** What failed, and why, comes first. */
const failuresFirst = (outcomes: readonly BulkOutcome[]): BulkOutcome[] => [...outcomes.filter(({ error }) => error !== null), ...outcomes.filter(({ error }) => error === null)];

const explained = (error: unknown, t: Translate): string => {
  const { title, advice } = explainError(error, t);
  return `${title}. ${advice}`;
};

/** How it went for each flag, while it goes on and after. */
export function BulkResults({ title, outcomes, running, onStop, onRetry, onClose }: { title: string; outcomes: readonly BulkOutcome[]; running: boolean; onStop: () => void; onRetry: () => void; onClose: () => void }) {
  const t = useT();
  const failed = outcomes.filter(({ error }) => error !== null).length;
  return (
    <Dialog title={title} open alert onClose={onClose} footer={running ? <Button onPress={onStop}>{t('flags.bulk.stop')}</Button> : <>
      {failed > 0 && <Button icon="replay" onPress={onRetry}>{t('flags.bulk.retry', { count: failed })}</Button>}
      <Button look="primary" onPress={onClose}>{t('common.close')}</Button>
    </>}>
      <p role="status"><strong>{t(running ? 'flags.bulk.running' : 'flags.bulk.done', { done: outcomes.length - failed, failed })}</strong></p>
      <ul className="stack tight bulk-outcomes" tabIndex={0} aria-label={t('flags.bulk.each')}>
        {failuresFirst(outcomes).slice(0, SHOWN).map(({ flag, error }) => {
          const told = error === null ? null : isApiError(error, 'version-conflict') ? t('flags.bulk.conflict') : explained(error, t);
          return <li key={flag.key} className="row"><Icon name={told === null ? 'check' : 'alert'} className={told === null ? 'mark good' : 'mark bad'} /><span className="break"><code className="key">{flag.key}</code> <span className="small">{told ?? t('flags.bulk.ok')}</span></span></li>;
        })}
      </ul>
    </Dialog>
  );
}

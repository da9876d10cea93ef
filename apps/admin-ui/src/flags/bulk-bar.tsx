import { lazy, Suspense, useState } from 'react';
import type { Environment, Flag } from '@pataka/contracts';
import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import { Button, IconButton } from '../ui/button';
import type { BulkAction } from './bulk';

const BulkDialog = lazy(() => import('./bulk-dialog').then((module) => ({ default: module.BulkDialog })));
const kinds = [{ kind: 'addTag', icon: 'plus' }, { kind: 'removeTag', icon: 'minus' }, { kind: 'turnOff', icon: 'pause' }, { kind: 'archive', icon: 'archive' }] as const satisfies readonly { kind: BulkAction['kind']; icon: string }[];

/** What can be done with the flags that are chosen; it stays in sight while the list scrolls. */
export function BulkBar({ chosen, shown, environments, onAll, onClear }: { chosen: readonly Flag[]; shown: number; environments: readonly Environment[]; onAll: () => void; onClear: () => void }) {
  const t = useT();
  const formats = useFormats();
  const [asked, setAsked] = useState<{ kind: BulkAction['kind']; flags: readonly Flag[] } | null>(null);
  return (
    <>
      {chosen.length > 0 && (
        <div className="bulk-bar" role="region" aria-label={t('flags.bulk.bar')}>
          <strong className="small nowrap" role="status">{t('flags.bulk.chosen', { count: chosen.length, countText: formats.number(chosen.length) })}</strong>
          {chosen.length < shown && <Button small look="ghost" onPress={onAll}>{t('flags.bulk.all', { count: formats.number(shown) })}</Button>}
          <span className="grow" />
          {kinds.map(({ kind, icon }) => <Button key={kind} small icon={icon} look={kind === 'archive' ? 'danger' : 'default'} onPress={() => setAsked({ kind, flags: chosen })}>{t(`flags.bulk.${kind}`)}</Button>)}
          <IconButton label={t('flags.bulk.clear')} icon="close" small onPress={onClear} />
        </div>
      )}
      {asked !== null && <Suspense fallback={null}><BulkDialog kind={asked.kind} chosen={asked.flags} environments={environments} onClose={(changed) => { setAsked(null); if (changed) onClear(); }} /></Suspense>}
    </>
  );
}

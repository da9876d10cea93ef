import { useMemo } from 'react';
import { useT } from '../i18n/intl';
import { around, diffLines, documentLines } from './diff';

const signs = { same: ' ', added: '+', removed: '−', gap: '' } as const;

/** What changes from one document to another. Colour is not all that tells: each line has its sign, and its word for screen readers. */
export function DiffView({ before, after, label }: { before: unknown; after: unknown; label?: string }) {
  const t = useT();
  const lines = useMemo(() => around(diffLines(documentLines(before), documentLines(after))), [before, after]);
  if (lines.every((line) => line.kind === 'same')) return <p className="soft small">{t('common.noDifference')}</p>;
  return (
    <div className="diff" role="region" aria-label={label ?? t('common.difference')} tabIndex={0}>
      {lines.map((line, index) => (
        <div key={index} className={line.kind}>
          <span aria-hidden="true">{signs[line.kind]}</span>
          <span>{line.kind === 'added' || line.kind === 'removed' ? <span className="visually-hidden">{t(line.kind === 'added' ? 'common.added' : 'common.removed')} </span> : null}{line.text}</span>
        </div>
      ))}
    </div>
  );
}

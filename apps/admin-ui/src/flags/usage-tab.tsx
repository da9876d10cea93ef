import { useState } from 'react';
import { Link } from '@tanstack/react-router';
import type { Flag } from '@pataka/contracts';
import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import { CopyButton } from '../ui/copy';
import { Segmented } from '../ui/fields';
import { Time } from '../ui/time';
import { Disuse, dependentsOf } from './archive-dialog';
import { useFlags } from './flag-store';
import { type Language, languages, snippetOf } from './snippets';

function Code({ flag }: { flag: Flag }) {
  const t = useT();
  const [language, setLanguage] = useState<Language>('node');
  const text = snippetOf(flag, language, window.location.origin);
  return (
    <section className="card stack">
      <div className="row between wrap"><h2>{t('flags.code')}</h2><Segmented label={t('flags.codeLanguage')} value={language} onChange={setLanguage} options={languages.map((value) => ({ value, label: value }))} /></div>
      <div className="row top"><pre className="grow snippet" tabIndex={0} aria-label={t('flags.code')}>{text}</pre><CopyButton text={text} /></div>
      <p className="hint">{t('flags.codeHint')}</p>
    </section>
  );
}

/** Whether anybody asks for the flag, who depends on it, and how to ask for it. */
export function UsageTab({ flag }: { flag: Flag }) {
  const t = useT();
  const formats = useFormats();
  const dependents = dependentsOf(flag.key, useFlags().flags);
  const experiments = [...new Set(Object.values(flag.environments).flatMap(({ rules }) => rules.flatMap(({ experimentId }) => (experimentId === undefined ? [] : [experimentId]))))];
  return (
    <div className="stack narrow">
      <section className="card stack">
        <h2>{t('flags.usage')}</h2>
        <Disuse flag={flag} />
        <dl className="facts">
          <dt>{t('flags.column.evaluations')}</dt><dd>{formats.number(flag.evaluationCount ?? 0)}</dd>
          <dt>{t('flags.column.lastEvaluated')}</dt><dd>{flag.lastEvaluated === null || flag.lastEvaluated === undefined ? t('common.never') : <Time at={flag.lastEvaluated} />}</dd>
          <dt>{t('flags.created')}</dt><dd><Time at={flag.createdAt} /> {t('common.by', { name: flag.createdBy ?? '–' })}</dd>
          <dt>{t('flags.updated')}</dt><dd><Time at={flag.updatedAt} /></dd>
          <dt>{t('flags.neededBy')}</dt><dd className="row wrap">{dependents.length === 0 ? t('common.none') : dependents.map(({ key }) => <Link key={key} to="/flags/$key" params={{ key }} className="tag">{key}</Link>)}</dd>
          {experiments.length > 0 && <><dt>{t('common.nav.experiments')}</dt><dd className="row wrap">{experiments.map((id) => <Link key={id} to={'/experiments/$id' as '/'} params={{ id } as never} className="tag">{id}</Link>)}</dd></>}
        </dl>
        <p className="hint">{t('flags.countsHint')}</p>
      </section>
      <Code flag={flag} />
    </div>
  );
}

import { type ReactNode, useEffect, useRef } from 'react';
import { Link, type LinkProps } from '@tanstack/react-router';
import { useT } from '../i18n/intl';

export interface Crumb { label: string; to: LinkProps['to']; params?: Record<string, string> }

/**
 * Every page: a heading that takes focus when one comes from another page, the tab's title, actions. `full` uses the whole width.
 */
export function Page({ title, documentTitle, description, crumbs, badges, actions, full, children }: { title: ReactNode; documentTitle?: string; description?: ReactNode; crumbs?: readonly Crumb[]; badges?: ReactNode; actions?: ReactNode; full?: boolean; children: ReactNode }) {
  const t = useT();
  const heading = useRef<HTMLHeadingElement>(null);
  const shown = documentTitle ?? (typeof title === 'string' ? title : '');
  useEffect(() => { document.title = shown === '' ? 'Pataka' : `${shown} · Pataka`; }, [shown]);
  useEffect(() => { heading.current?.focus({ preventScroll: true }); }, []);
  return (
    <div className={`page${full === true ? ' full' : ''}`}>
      <div className="page-head">
        <div className="titles">
          {crumbs !== undefined && (
            <nav className="crumbs" aria-label={t('common.breadcrumbs')}>
              {crumbs.map((crumb) => <span key={crumb.label} className="row"><Link to={crumb.to as '/'} params={(crumb.params ?? {}) as never}>{crumb.label}</Link><span aria-hidden="true">/</span></span>)}
            </nav>
          )}
          <div className="row wrap"><h1 tabIndex={-1} ref={heading} className="break">{title}</h1>{badges}</div>
          {description !== undefined && <div className="soft small">{description}</div>}
        </div>
        {actions !== undefined && <div className="actions">{actions}</div>}
      </div>
      {children}
    </div>
  );
}

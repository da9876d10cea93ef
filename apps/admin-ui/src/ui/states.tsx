import type { ReactNode } from 'react';
import { ApiError } from '../api/client';
import { faultText, fieldText } from '../api/fault-text';
import { type Translate, useT } from '../i18n/intl';
import { Button } from './button';
import { Icon, type IconName } from './icons';

const needed: Readonly<Partial<Record<ApiError['code'], string>>> = { 'rate-limited': 'retryAfterSeconds', 'has-dependents': 'dependents' };

/** What is said of this very case: by what the problem carries, else as the server says it. */
const detailOf = ({ code, message, problem }: ApiError, t: Translate): string => {
  const name = needed[code];
  const value = name === undefined ? undefined : problem[name];
  if (name === undefined || value === undefined) return message;
  return t.maybe(`common.detail.${code}`, message, { [name]: Array.isArray(value) ? value.join(', ') : Number(value) });
};

/** What happened, in the reader's language where we know the code, and what to do now. */
export const explainError = (error: unknown, t: Translate): { title: string; advice: string; detail: string | null; id: string | null } => {
  if (!(error instanceof ApiError)) return { title: t('common.error.unexpected'), advice: t('common.error.unexpectedAdvice'), detail: error instanceof Error ? error.message : null, id: null };
  const title = t.maybe(`common.problem.${error.code}`, error.problem.title ?? error.message);
  const advice = t.maybe(`common.advice.${error.code}`, t('common.error.retryAdvice'));
  const detail = error.code === 'offline' || error.message === error.problem.title ? null : detailOf(error, t);
  return { title, advice, detail, id: error.requestId };
};

function ErrorText({ error }: { error: unknown }) {
  const t = useT();
  const { title, advice, detail, id } = explainError(error, t);
  const faults = error instanceof ApiError ? error.faults : [];
  return (
    <div className="stack tight">
      <strong>{title}</strong>
      {detail !== null && faults.length === 0 && <span className="break">{detail}</span>}
      {faults.length > 0 && <ul className="stack tight">{faults.slice(0, 20).map((fault) => <li key={`${fault.pointer} ${fault.detail}`} className="break"><strong title={fault.pointer}>{fieldText(fault.pointer, t)}</strong>: {faultText(fault, t)}</li>)}</ul>}
      <span>{advice}</span>
      {id !== null && <span className="tiny faint break">{t('common.requestId', { id })}</span>}
    </div>
  );
}

/** An error where something was tried: in a form or a dialog. */
export function ErrorNotice({ error }: { error: unknown }) {
  return <div className="notice bad" role="alert"><Icon name="alert" /><ErrorText error={error} /></div>;
}

/** An error in place of a page or a list. */
export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const t = useT();
  return (
    <div className="state" role="alert">
      <Icon name="alert" size={28} />
      <ErrorText error={error} />
      {onRetry !== undefined && <Button icon="replay" onPress={onRetry}>{t('common.retry')}</Button>}
    </div>
  );
}

/** Nothing here yet, and what to do about it. */
export function EmptyState({ icon, title, children, action }: { icon: IconName; title: string; children?: ReactNode; action?: ReactNode }) {
  return <div className="state"><Icon name={icon} size={28} /><h2>{title}</h2>{children !== undefined && <div className="soft">{children}</div>}{action}</div>;
}

export function Notice({ look = 'info', icon, children }: { look?: 'info' | 'warn' | 'bad' | 'good'; icon?: IconName; children: ReactNode }) {
  return <div className={`notice ${look}`}><Icon name={icon ?? (look === 'good' ? 'check' : look === 'info' ? 'info' : 'alert')} /><div className="grow">{children}</div></div>;
}

/** The shape of what is coming. */
export function Skeleton({ lines = 6 }: { lines?: number }) {
  const t = useT();
  return (
    <div className="stack" role="status">
      <span className="visually-hidden">{t('common.loading')}</span>
      {Array.from({ length: lines }, (_, index) => <div key={index} className="skeleton" style={{ width: `${95 - ((index * 17) % 40)}%` }} />)}
    </div>
  );
}

interface Asked<T> { data: T | undefined; error: unknown; isPending: boolean; refetch: () => unknown }

/** A query's three states; stale data stays when a renewal fails. */
export function Loaded<T>({ query, children, lines }: { query: Asked<T>; children: (data: T) => ReactNode; lines?: number }) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.error !== null && query.error !== undefined) return <ErrorState error={query.error} onRetry={() => void query.refetch()} />;
  return <Skeleton {...(lines === undefined ? {} : { lines })} />;
}

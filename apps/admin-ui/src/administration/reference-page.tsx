import { useQuery } from '@tanstack/react-query';
import { keys } from '../api/keys';
import { useT } from '../i18n/intl';
import { CopyButton } from '../ui/copy';
import { Page } from '../ui/page';
import { Loaded } from '../ui/states';
import { Table } from '../ui/table';
import './administration.css';

interface Health { status: string; services?: Record<string, { status: string; detail?: string }> }
const looks: Readonly<Record<string, string>> = { pass: 'good', warn: 'warn', fail: 'bad' };
const services = ['flag-admin', 'evaluator', 'experiment-orchestrator', 'analytics'] as const;

// 503 is an answer here, too: it says who is away.
const readHealth = async (signal: AbortSignal): Promise<Health> => (await fetch('/health/ready', { signal })).json() as Promise<Health>;

function Snippet({ text, label }: { text: string; label: string }) {
  return <div className="row top"><pre className="snippet grow" tabIndex={0} aria-label={label}>{text}</pre><CopyButton text={text} /></div>;
}

/** What is running, where each service's API is described, and the first calls. */
export function ReferencePage() {
  const t = useT();
  const query = useQuery({ queryKey: keys.health, queryFn: ({ signal }) => readHealth(signal), refetchInterval: 10_000 });
  const origin = window.location.origin;
  const rows = (health: Health) => services.map((name) => ({ name, status: health.services?.[name]?.status ?? health.status, detail: health.services?.[name]?.detail }));
  return (
    <Page title={t('administration.reference.title')} description={t('administration.reference.lead')}>
      <Loaded query={query} lines={4}>{(health) => (
        <Table label={t('administration.reference.running')} rows={rows(health)} rowKey={({ name }) => name} columns={[
          { id: 'name', header: t('administration.reference.service'), cell: ({ name }) => <div><strong>{name}</strong><div className="small soft">{t(`administration.reference.${name}`)}</div></div> },
          { id: 'status', header: t('administration.state'), cell: ({ status, detail }) => <span className={`badge ${looks[status] ?? ''}`} title={detail}>{t.maybe(`administration.reference.status.${status}`, status)}</span> },
          { id: 'links', header: t('administration.reference.described'), cell: ({ name }) => <span className="row wrap"><a href={`/docs/${name}`}>{t('administration.reference.docs')}</a><a href={`/services/${name}/openapi.json`}>OpenAPI</a><a href={`/services/${name}/health/ready`}>{t('administration.reference.health')}</a></span> },
        ]} />
      )}</Loaded>
      <section className="card stack">
        <h2>{t('administration.reference.calling')}</h2>
        <p className="small soft">{t('administration.reference.callingHint')}</p>
        <Snippet label={t('administration.reference.calling')} text={`curl -H "Authorization: Bearer $PATAKA_ADMIN_TOKEN" ${origin}/api/flags`} />
        <h2>{t('administration.reference.evaluating')}</h2>
        <p className="small soft">{t('administration.reference.evaluatingHint')}</p>
        <Snippet label={t('administration.reference.evaluating')} text={`curl -H "Authorization: Bearer $PATAKA_SERVER_KEY" -H 'Content-Type: application/json' \\\n  ${origin}/ofrep/v1/evaluate/flags -d '{"context":{"targetingKey":"driver-7","region":"pune"}}'`} />
        <p className="small">{t.rich('administration.reference.all', { openapi: <a href="/openapi.json">/openapi.json</a>, metrics: <a href="/metrics">/metrics</a>, health: <a href="/health/ready">/health/ready</a> })}</p>
      </section>
    </Page>
  );
}

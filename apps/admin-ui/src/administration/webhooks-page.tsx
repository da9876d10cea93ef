import { type FormEvent, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import type { Webhook, WebhookAttempt, WebhookDelivery, WebhookFormat } from '@pataka/contracts';
import { environmentsQuery } from '../api/catalogue';
import { at, get, getAll, type Page as ListPage, request } from '../api/client';
import { keys } from '../api/keys';
import { useMay } from '../api/session';
import { useT } from '../i18n/intl';
import { Button } from '../ui/button';
import { Tokens } from '../ui/combo';
import { Confirm, Dialog } from '../ui/dialog';
import { Select, TextField } from '../ui/fields';
import { Page } from '../ui/page';
import { EmptyState, ErrorNotice, Loaded, Notice } from '../ui/states';
import { Switch } from '../ui/switch';
import { Table } from '../ui/table';
import { Time } from '../ui/time';
import { useChange } from './mutations';
import { SecretOnce } from './secret';

const types = ['flag', 'flag.created', 'flag.updated', 'flag.environment-changed', 'flag.activated', 'flag.deactivated', 'flag.archived', 'experiment', 'experiment.started', 'experiment.completed', 'alert', 'alert.raised', 'alert.resolved'].map((id) => ({ id, label: id }));
const looks = { delivered: 'good', waiting: 'warn', failed: 'bad' } as const;

function WebhookDialog({ webhook, onClose, onSecret }: { webhook: Webhook | null; onClose: () => void; onSecret: (secret: string) => void }) {
  const t = useT();
  const environments = useQuery(environmentsQuery).data ?? [];
  const [name, setName] = useState(webhook?.name ?? '');
  const [url, setUrl] = useState(webhook?.url ?? 'https://');
  const [format, setFormat] = useState<WebhookFormat>(webhook?.format ?? 'standard');
  const [filters, setFilters] = useState(webhook?.filters ?? {});
  const kept = Object.fromEntries(Object.entries(filters).filter(([, list]) => (list as readonly string[]).length > 0));
  const body = { name, url, format, filters: kept };
  const save = useChange(async () => (webhook === null ? (await request<Webhook & { secret?: string }>('POST', '/api/webhooks', { body })).data : (await request<Webhook & { secret?: string }>('PATCH', at`/api/webhooks/${webhook.id}`, { body, version: webhook.version })).data), { renew: keys.webhooks, done: t('common.saved'), onDone: (saved) => { onClose(); if (saved.secret !== undefined) onSecret(saved.secret); } });
  const submit = (event: FormEvent): void => { event.preventDefault(); save.mutate(undefined); };
  return (
    <Dialog title={webhook === null ? t('administration.webhooks.new') : webhook.name} open onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        <TextField label={t('common.name')} value={name} onChange={setName} autoFocus required maxLength={256} />
        <TextField label={t('administration.webhooks.url')} type="url" code value={url} onChange={setUrl} required hint={t('administration.webhooks.urlHint')} />
        <Select label={t('administration.webhooks.format')} value={format} onChange={setFormat} options={(['standard', 'slack'] as const).map((value) => ({ value, label: t(`administration.webhooks.format.${value}`) }))} />
        <div className="field"><span className="label">{t('administration.webhooks.types')}</span><Tokens label={t('administration.webhooks.types')} values={filters.types ?? []} options={types} placeholder={t('administration.webhooks.everything')} onChange={(list) => setFilters({ ...filters, types: list })} /></div>
        <div className="field"><span className="label">{t('common.nav.environments')}</span><Tokens label={t('common.nav.environments')} free={false} values={filters.environments ?? []} options={environments.map(({ key, name: label }) => ({ id: key, label }))} placeholder={t('common.all')} onChange={(list) => setFilters({ ...filters, environments: list })} /></div>
        <div className="field"><span className="label">{t('administration.webhooks.tags')}</span><Tokens label={t('administration.webhooks.tags')} values={filters.tags ?? []} placeholder={t('common.all')} onChange={(list) => setFilters({ ...filters, tags: list })} /></div>
        {save.isError && <ErrorNotice error={save.error} />}
        <div className="row end"><Button onPress={onClose}>{t('common.cancel')}</Button><Button type="submit" look="primary" pending={save.isPending} isDisabled={name === ''}>{t('common.save')}</Button></div>
      </form>
    </Dialog>
  );
}

function Attempt({ attempt }: { attempt: WebhookAttempt }) {
  const t = useT();
  return <li className="small break"><Time at={attempt.at} /> · {attempt.status ?? t('administration.webhooks.noAnswer')} · {attempt.ms} ms{attempt.error !== undefined && <> · <span className="soft">{attempt.error}</span></>}{attempt.answer !== undefined && attempt.answer !== '' && <pre className="tiny soft">{attempt.answer}</pre>}</li>;
}

/** What was sent, with every try, newest first. */
function Deliveries({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const t = useT();
  const queryKey = [...keys.webhooks, webhook.id, 'deliveries'];
  const query = useQuery({ queryKey, queryFn: ({ signal }) => get<ListPage<WebhookDelivery>>(at`/api/webhooks/${webhook.id}/deliveries`, { limit: 50 }, signal), refetchInterval: 5_000 });
  const replay = useChange((id: string) => request('POST', at`/api/webhooks/${webhook.id}/deliveries/${id}/replay`), { renew: queryKey, done: t('administration.webhooks.replayed') });
  return (
    <Dialog side title={t('administration.webhooks.deliveriesOf', { name: webhook.name })} open onClose={onClose}>
      {replay.isError && <ErrorNotice error={replay.error} />}
      <Loaded query={query}>{({ items }) => (items.length === 0 ? <EmptyState icon="send" title={t('administration.webhooks.noDeliveries')}>{t('administration.webhooks.noDeliveriesHint')}</EmptyState> : (
        <ol className="stack tight">{items.map((delivery) => (
          <li key={delivery.id} className="card stack tight">
            <div className="row between wrap"><span className="row"><code>{delivery.type}</code><span className={`badge ${looks[delivery.status]}`}>{t(`administration.webhooks.status.${delivery.status}`)}</span></span><Time at={delivery.createdAt} relative /></div>
            {delivery.nextTryAt !== null && delivery.status === 'waiting' && <span className="small soft">{t('administration.webhooks.nextTry')} <Time at={delivery.nextTryAt} /></span>}
            <details><summary className="small">{t('administration.webhooks.tries', { count: delivery.tries })}</summary><ul className="stack tight">{delivery.attempts.map((attempt) => <Attempt key={attempt.at} attempt={attempt} />)}</ul></details>
            <div><Button small icon="replay" pending={replay.isPending} onPress={() => replay.mutate(delivery.id)}>{t('administration.webhooks.again')}</Button></div>
          </li>
        ))}</ol>
      ))}</Loaded>
    </Dialog>
  );
}

function Row({ webhook, onOpen, onEdit, onRemove, onSecret }: { webhook: Webhook; onOpen: () => void; onEdit: () => void; onRemove: () => void; onSecret: (secret: string) => void }) {
  const t = useT();
  const test = useChange(async () => (await request<WebhookAttempt & { delivered: boolean }>('POST', at`/api/webhooks/${webhook.id}/test`)).data, { renew: keys.webhooks });
  const rotate = useChange(async () => (await request<{ secret: string }>('POST', at`/api/webhooks/${webhook.id}/rotate-secret`)).data, { renew: keys.webhooks, onDone: ({ secret }) => onSecret(secret) });
  return (
    <div className="stack tight">
      <div className="row wrap end"><Button small icon="send" pending={test.isPending} onPress={() => test.mutate(undefined)}>{t('administration.webhooks.test')}</Button><Button small icon="history" onPress={onOpen}>{t('administration.webhooks.deliveries')}</Button><Button small icon="key" pending={rotate.isPending} onPress={() => rotate.mutate(undefined)}>{t('administration.webhooks.rotate')}</Button><Button small icon="edit" onPress={onEdit}>{t('common.edit')}</Button><Button small icon="trash" onPress={onRemove}>{t('common.remove')}</Button></div>
      {test.data !== undefined && <Notice look={test.data.delivered ? 'good' : 'bad'}>{test.data.delivered ? t('administration.webhooks.testGood', { status: test.data.status ?? 0, ms: test.data.ms }) : t('administration.webhooks.testBad', { error: test.data.error ?? String(test.data.status ?? '') })}</Notice>}
      {(test.error ?? rotate.error) !== null && <ErrorNotice error={test.error ?? rotate.error} />}
    </div>
  );
}

export function WebhooksPage() {
  const t = useT();
  const may = useMay('administer');
  const query = useQuery({ queryKey: keys.webhooks, queryFn: ({ signal }) => getAll<Webhook>('/api/webhooks', { signal }), enabled: may });
  const [edited, setEdited] = useState<Webhook | 'new' | null>(null);
  const [opened, setOpened] = useState<Webhook | null>(null);
  const [removed, setRemoved] = useState<Webhook | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const enable = useChange(({ webhook, enabled }: { webhook: Webhook; enabled: boolean }) => request('PATCH', at`/api/webhooks/${webhook.id}`, { body: { enabled }, version: webhook.version }), { renew: keys.webhooks });
  const remove = useChange((webhook: Webhook) => request('DELETE', at`/api/webhooks/${webhook.id}`), { renew: keys.webhooks, done: t('common.removedDone'), onDone: () => setRemoved(null) });
  if (!may) return <Page title={t('common.nav.webhooks')}><Notice icon="lock">{t('administration.adminOnly')}</Notice></Page>;
  return (
    <Page title={t('common.nav.webhooks')} description={t('administration.webhooks.lead')} actions={<Button look="primary" icon="plus" onPress={() => setEdited('new')}>{t('administration.webhooks.new')}</Button>}>
      {enable.isError && <ErrorNotice error={enable.error} />}
      <Loaded query={query}>{(list) => (list.length === 0 ? <EmptyState icon="webhook" title={t('administration.webhooks.none')}>{t('administration.webhooks.noneHint')}</EmptyState> : (
        <Table label={t('common.nav.webhooks')} rows={list} rowKey={({ id }) => id} columns={[
          { id: 'name', header: t('common.name'), cell: (webhook) => <div><span className="strong">{webhook.name}</span><div className="key tiny faint">{webhook.url}</div></div> },
          { id: 'on', header: t('administration.state'), cell: (webhook) => <Switch label={webhook.name} on={webhook.enabled} onChange={(enabled) => enable.mutate({ webhook, enabled })} /> },
          { id: 'actions', header: t('common.actions'), hideHeader: true, cell: (webhook) => <Row webhook={webhook} onOpen={() => setOpened(webhook)} onEdit={() => setEdited(webhook)} onRemove={() => setRemoved(webhook)} onSecret={setSecret} /> },
        ]} />
      ))}</Loaded>
      {edited !== null && <WebhookDialog webhook={edited === 'new' ? null : edited} onClose={() => setEdited(null)} onSecret={setSecret} />}
      {opened !== null && <Deliveries webhook={opened} onClose={() => setOpened(null)} />}
      {secret !== null && <SecretOnce title={t('administration.webhooks.secret')} secret={secret} hint={t('administration.webhooks.secretHint')} onClose={() => setSecret(null)} />}
      {removed !== null && <Confirm open danger title={t('administration.removeTitle', { name: removed.name })} confirm={t('common.remove')} pending={remove.isPending} error={remove.error} onClose={() => setRemoved(null)} onConfirm={() => remove.mutate(removed)}><p>{t('administration.webhooks.removeWhat')}</p></Confirm>}
    </Page>
  );
}

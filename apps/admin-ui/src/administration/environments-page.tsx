import { useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { environmentsQuery } from '../api/catalogue';
import { request } from '../api/client';
import { keys } from '../api/keys';
import { useMay } from '../api/session';
import { useFlags } from '../flags/flag-store';
import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import { Button } from '../ui/button';
import { Page } from '../ui/page';
import { Loaded } from '../ui/states';
import { Table } from '../ui/table';
import { Time } from '../ui/time';
import { toast } from '../ui/toast';
import { NewDocument } from './new-document';

export function EnvironmentsPage() {
  const t = useT();
  const formats = useFormats();
  const may = useMay('administer');
  const query = useQuery(environmentsQuery);
  const { flags } = useFlags();
  const [adding, setAdding] = useState(false);
  return (
    <Page title={t('common.nav.environments')} description={t('administration.environments.lead')} actions={may ? <Button look="primary" icon="plus" onPress={() => setAdding(true)}>{t('administration.environments.new')}</Button> : undefined}>
      <Loaded query={query}>{(environments) => (
        <Table label={t('common.nav.environments')} rows={environments} rowKey={({ key }) => key} columns={[
          { id: 'name', header: t('common.name'), cell: ({ key, name }) => <div><span className="strong">{name}</span><div className="key tiny faint">{key}</div></div> },
          { id: 'on', header: t('administration.environments.on'), numeric: true, cell: ({ key }) => formats.number(flags.filter((flag) => flag.status === 'ACTIVE' && flag.environments[key]?.enabled === true).length) },
          { id: 'made', header: t('administration.made'), cell: ({ createdAt, createdBy }) => <span><Time at={createdAt} /> <span className="faint">{t('common.by', { name: createdBy })}</span></span> },
        ]} />
      )}</Loaded>
      {adding && <NewDocument title={t('administration.environments.new')} renew={keys.environments} onClose={() => setAdding(false)} create={(body) => request('POST', '/api/environments', { body }).then(() => body.key)} onMade={() => toast(t('common.saved'))} />}
    </Page>
  );
}

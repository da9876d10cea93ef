import { useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { request } from '../api/client';
import { calendarsQuery } from '../api/catalogue';
import { keys } from '../api/keys';
import { useMay } from '../api/session';
import { useFormats } from '../i18n/format';
import { useT, ZONE } from '../i18n/intl';
import { Button } from '../ui/button';
import { Page } from '../ui/page';
import { EmptyState, Loaded } from '../ui/states';
import { Table } from '../ui/table';
import { Time } from '../ui/time';
import { NewDocument } from './new-document';

export function CalendarsPage() {
  const t = useT();
  const formats = useFormats();
  const may = useMay('manage');
  const navigate = useNavigate();
  const query = useQuery(calendarsQuery);
  const [adding, setAdding] = useState(false);
  return (
    <Page title={t('common.nav.calendars')} description={t('administration.calendars.lead')} actions={may ? <Button look="primary" icon="plus" onPress={() => setAdding(true)}>{t('administration.calendars.new')}</Button> : undefined}>
      <Loaded query={query}>{(calendars) => (calendars.length === 0 ? <EmptyState icon="calendar" title={t('administration.calendars.none')}>{t('administration.calendars.noneHint')}</EmptyState> : (
        <Table label={t('common.nav.calendars')} rows={calendars} rowKey={({ key }) => key} columns={[
          { id: 'name', header: t('common.name'), cell: (calendar) => <div><Link to="/calendars/$key" params={{ key: calendar.key }} className="strong">{calendar.name ?? calendar.key}</Link><div className="key tiny faint">{calendar.key}</div></div> },
          { id: 'periods', header: t('administration.calendars.periods'), numeric: true, cell: (calendar) => formats.number(calendar.periods.length) },
          { id: 'zone', header: t('administration.calendars.zone'), cell: (calendar) => calendar.timezone },
          { id: 'updated', header: t('administration.updated'), cell: (calendar) => <Time at={calendar.updatedAt} relative /> },
        ]} />
      ))}</Loaded>
      {adding && <NewDocument title={t('administration.calendars.new')} renew={keys.calendars} onClose={() => setAdding(false)} create={(body) => request('POST', '/api/calendars', { body: { ...body, timezone: ZONE, periods: [] } }).then(() => body.key)} onMade={(key) => void navigate({ to: '/calendars/$key', params: { key } })} />}
    </Page>
  );
}

import { useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { request } from '../api/client';
import { segmentsQuery, type StoredSegment } from '../api/catalogue';
import { keys } from '../api/keys';
import { useMay } from '../api/session';
import { folded } from '../flags/flag-list';
import { useFormats } from '../i18n/format';
import { useT } from '../i18n/intl';
import { Button } from '../ui/button';
import { SearchField } from '../ui/fields';
import { Page } from '../ui/page';
import { EmptyState, Loaded } from '../ui/states';
import { Table } from '../ui/table';
import { Time } from '../ui/time';
import { NewDocument } from './new-document';

/** How many keys a segment lists, in its document and beside it. */
export const listedKeys = (segment: StoredSegment, list: 'included' | 'excluded'): number => (segment[list]?.length ?? 0) + (segment[`${list}List`]?.size ?? 0);

export function SegmentsPage() {
  const t = useT();
  const formats = useFormats();
  const may = useMay('manage');
  const navigate = useNavigate();
  const query = useQuery(segmentsQuery);
  const [text, setText] = useState('');
  const [adding, setAdding] = useState(false);
  const open = (key: string): void => void navigate({ to: '/segments/$key', params: { key } });
  return (
    <Page title={t('common.nav.segments')} description={t('administration.segments.lead')} actions={may ? <Button look="primary" icon="plus" onPress={() => setAdding(true)}>{t('administration.segments.new')}</Button> : undefined}>
      <Loaded query={query}>{(segments) => (segments.length === 0 ? <EmptyState icon="users" title={t('administration.segments.none')}>{t('administration.segments.noneHint')}</EmptyState> : <>
        <div className="toolbar"><SearchField label={t('common.search')} value={text} onChange={setText} /></div>
        <Table label={t('common.nav.segments')} rowKey={({ key }) => key} rows={segments.filter(({ key, name }) => folded(`${key} ${name ?? ''}`).includes(folded(text)))} columns={[
          { id: 'name', header: t('common.name'), cell: (segment) => <div><Link to="/segments/$key" params={{ key: segment.key }} className="strong">{segment.name ?? segment.key}</Link><div className="key tiny faint">{segment.key}</div></div> },
          { id: 'conditions', header: t('administration.segments.conditions'), numeric: true, cell: (segment) => formats.number(segment.conditions?.length ?? 0) },
          { id: 'included', header: t('administration.segments.included'), numeric: true, cell: (segment) => formats.number(listedKeys(segment, 'included')) },
          { id: 'excluded', header: t('administration.segments.excluded'), numeric: true, cell: (segment) => formats.number(listedKeys(segment, 'excluded')) },
          { id: 'updated', header: t('administration.updated'), cell: (segment) => <Time at={segment.updatedAt} relative /> },
        ]} />
      </>)}</Loaded>
      {adding && <NewDocument title={t('administration.segments.new')} renew={keys.segments} onClose={() => setAdding(false)} create={(body) => request('POST', '/api/segments', { body }).then(() => body.key)} onMade={open} />}
    </Page>
  );
}

import './administration.css';
import { useMemo, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import type { Region } from '@pataka/contracts';
import { at, request } from '../api/client';
import { regionsQuery, type StoredRegion } from '../api/catalogue';
import { keys } from '../api/keys';
import { useMay } from '../api/session';
import { useT } from '../i18n/intl';
import { foundRegions, type RegionNode, regionTree } from '../targeting/region-tree';
import { Button, IconButton } from '../ui/button';
import { Combo } from '../ui/combo';
import { Dialog } from '../ui/dialog';
import { SearchField, Select, TextField } from '../ui/fields';
import { Page } from '../ui/page';
import { ErrorNotice, Loaded } from '../ui/states';
import { useChange } from './mutations';
import '../targeting/targeting.css';

type Kind = NonNullable<Region['kind']>;
const kinds: readonly Kind[] = ['zone', 'state', 'city', 'other'];

function RegionDialog({ region, regions, onClose }: { region: StoredRegion | null; regions: readonly StoredRegion[]; onClose: () => void }) {
  const t = useT();
  const began = { key: '', name: '', kind: 'city' as Kind, parent: '', ...region };
  const [key, setKey] = useState(began.key);
  const [name, setName] = useState(began.name);
  const [kind, setKind] = useState(began.kind);
  const [parent, setParent] = useState(began.parent);
  const body: Region = { key, kind, ...(name === '' ? {} : { name }), ...(parent === '' ? {} : { parent }) };
  const save = useChange(() => (region === null ? request('POST', '/api/regions', { body }) : request('PUT', at`/api/regions/${region.key}`, { body, version: region.version })), { renew: keys.regions, done: t('common.saved'), onDone: onClose });
  const remove = useChange(() => request('DELETE', at`/api/regions/${key}`, { version: region?.version }), { renew: keys.regions, done: t('common.removedDone'), onDone: onClose });
  return (
    <Dialog title={region === null ? t('administration.regions.new') : region.name ?? region.key} open onClose={onClose} footer={<>
      {region !== null && <Button icon="trash" pending={remove.isPending} onPress={() => remove.mutate(undefined)}>{t('common.remove')}</Button>}
      <Button look="primary" pending={save.isPending} isDisabled={key === ''} onPress={() => save.mutate(undefined)}>{t('common.save')}</Button>
    </>}>
      <TextField label={t('common.name')} value={name} onChange={setName} maxLength={256} />
      <TextField label={t('common.key')} code value={key} onChange={setKey} disabled={region !== null} hint={t('administration.keyHint')} />
      <Select label={t('administration.regions.kind')} value={kind} onChange={setKind} options={kinds.map((value) => ({ value, label: t(`administration.regions.${value}`) }))} />
      <div className="field"><span className="label">{t('administration.regions.parent')}</span><Combo label={t('administration.regions.parent')} free value={parent} onChange={setParent} options={regions.filter((one) => one.key !== key).map((one) => ({ id: one.key, label: one.name ?? one.key, detail: one.key }))} /></div>
      {(save.error ?? remove.error) !== null && <ErrorNotice error={save.error ?? remove.error} />}
    </Dialog>
  );
}

function Tree({ nodes, open, onEdit }: { nodes: readonly RegionNode[]; open: boolean; onEdit: ((key: string) => void) | null }) {
  const t = useT();
  return (
    <ul className="region-tree">
      {nodes.map(({ region, children }) => {
        const label = <div className="row region-row"><span className="strong">{region.name ?? region.key}</span><span className="key tiny faint">{region.key}</span>{children.length > 0 && <span className="badge">{children.length}</span>}{onEdit !== null && <IconButton small label={t('administration.regions.edit', { region: region.name ?? region.key })} icon="edit" onPress={() => onEdit(region.key)} />}</div>;
        return <li key={region.key} className="region-node">{label}{children.length > 0 && <details open={open}><summary aria-label={t('administration.regions.open', { region: region.name ?? region.key })} /><Tree nodes={children} open={open} onEdit={onEdit} /></details>}</li>;
      })}
    </ul>
  );
}

export function RegionsPage() {
  const t = useT();
  const may = useMay('manage');
  const query = useQuery(regionsQuery);
  const [text, setText] = useState('');
  const [edited, setEdited] = useState<StoredRegion | 'new' | null>(null);
  const tree = useMemo(() => regionTree(query.data ?? []), [query.data]);
  return (
    <Page title={t('common.nav.regions')} description={t('administration.regions.lead')} actions={may ? <Button look="primary" icon="plus" onPress={() => setEdited('new')}>{t('administration.regions.new')}</Button> : undefined}>
      <Loaded query={query}>{(regions) => <>
        <div className="toolbar"><SearchField label={t('administration.regions.search')} value={text} onChange={setText} /></div>
        <div className="card"><Tree key={text === '' ? 'all' : 'found'} nodes={foundRegions(tree, text)} open={text !== ''} onEdit={may ? (key) => setEdited(regions.find((one) => one.key === key) ?? null) : null} /></div>
        {edited !== null && <RegionDialog region={edited === 'new' ? null : edited} regions={regions} onClose={() => setEdited(null)} />}
      </>}</Loaded>
    </Page>
  );
}

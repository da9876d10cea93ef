import { useMemo, useState } from 'react';
import type { Region } from '@pataka/contracts';
import { useT } from '../i18n/intl';
import { Button } from '../ui/button';
import { Tokens } from '../ui/combo';
import { Dialog } from '../ui/dialog';
import { SearchField } from '../ui/fields';
import { foundRegions, type RegionNode, regionTree } from './region-tree';

interface TreeProps { nodes: readonly RegionNode[]; chosen: ReadonlySet<string>; covered: boolean; onToggle: (key: string) => void; open: boolean }

function Tree({ nodes, chosen, covered, onToggle, open }: TreeProps) {
  const t = useT();
  return (
    <ul className="region-tree">
      {nodes.map(({ region, children }) => {
        const is = chosen.has(region.key);
        const label = (
          <label className="checkbox">
            <input type="checkbox" checked={is || covered} disabled={covered && !is} onChange={() => onToggle(region.key)} />
            <span>{region.name ?? region.key} <span className="tiny faint">{t.maybe(`targeting.region.${region.kind ?? 'other'}`, '')}</span></span>
          </label>
        );
        const below = <Tree nodes={children} chosen={chosen} covered={covered || is} onToggle={onToggle} open={open} />;
        // The label stands outside of what is folded: a closed `details` shows nothing but its summary.
        return <li key={region.key} className="region-node">{label}{children.length > 0 && <details open={open}><summary aria-label={t('targeting.region.open', { region: region.name ?? region.key })} />{below}</details>}</li>;
      })}
    </ul>
  );
}

/** Regions as a tree: whoever is within a chosen one is in, so what lies below it is covered. */
export function RegionPicker({ label, values, onChange, regions, invalid, disabled }: { label: string; values: readonly string[]; onChange: (values: string[]) => void; regions: readonly Region[]; invalid?: boolean; disabled?: boolean }) {
  const t = useT();
  const [open, setOpen] = useState(false);
  const [text, setText] = useState('');
  const tree = useMemo(() => regionTree(regions), [regions]);
  const options = useMemo(() => regions.map(({ key, name, kind }) => ({ id: key, label: name ?? key, detail: `${key} · ${t.maybe(`targeting.region.${kind ?? 'other'}`, '')}` })), [regions, t]);
  const toggle = (key: string): void => onChange(values.includes(key) ? values.filter((one) => one !== key) : [...values, key]);
  return (
    <div className="row top">
      <div className="grow"><Tokens label={label} values={values} onChange={onChange} options={options} invalid={invalid === true} disabled={disabled === true} /></div>
      {disabled !== true && <Button icon="map" onPress={() => setOpen(true)}>{t('targeting.region.tree')}</Button>}
      <Dialog title={t('targeting.region.choose')} open={open} onClose={() => setOpen(false)} footer={<Button look="primary" onPress={() => setOpen(false)}>{t('targeting.region.done', { count: values.length })}</Button>}>
        <SearchField label={t('targeting.region.search')} value={text} onChange={setText} />
        <div className="region-scroll"><Tree nodes={foundRegions(tree, text)} chosen={new Set(values)} covered={false} onToggle={toggle} open={text !== ''} key={text === '' ? 'all' : 'found'} /></div>
      </Dialog>
    </div>
  );
}

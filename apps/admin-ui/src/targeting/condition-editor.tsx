import type { Operator } from '@pataka/contracts';
import { useT } from '../i18n/intl';
import { Button, IconButton } from '../ui/button';
import { Combo } from '../ui/combo';
import { Select } from '../ui/fields';
import { emptyGroup, emptyLeaf, type GroupDraft, type LeafDraft, memberPointer, type NodeDraft, withOperator } from './condition-draft';
import { knownAttributes, meanings, operatorNames, takesAttribute } from './operators';
import { useTargeting } from './targeting-context';
import { useFault } from './use-fault';
import { ValueEditor } from './value-editor';

interface NodeProps<N extends NodeDraft> { node: N; pointer: string; onChange: (node: NodeDraft) => void; onRemove: () => void; depth: number }

const MAX_DEPTH = 9;

function Leaf({ node, pointer, onChange, onRemove }: NodeProps<LeafDraft>) {
  const t = useT();
  const { attributes, readOnly } = useTargeting();
  const fault = useFault(`${pointer}/attribute`);
  const setAttribute = (attribute: string): void => {
    const usual = knownAttributes[attribute];
    const fresh = node.operator === 'equals' && node.texts.length === 0 && usual !== undefined;
    onChange({ ...(fresh ? withOperator(node, usual) : node), attribute });
  };
  return (
    <div className="condition">
      {takesAttribute(node.operator) && (
        <div className="condition-attribute"><Combo label={t('targeting.condition.attribute')} placeholder={t('targeting.condition.attribute')} free code value={node.attribute} onChange={setAttribute} options={attributes} invalid={fault !== undefined} disabled={readOnly} />{fault !== undefined && <span className="fault">{fault}</span>}</div>
      )}
      <div className="condition-operator">
        <Select hideLabel label={t('targeting.condition.operator')} value={node.operator} disabled={readOnly} onChange={(operator: Operator) => onChange(withOperator(node, operator))} options={operatorNames.map((value) => ({ value, label: t(`targeting.operator.${value}`), group: t(`targeting.operators.${meanings[value].group}`) }))} />
      </div>
      <div className="condition-value"><ValueEditor leaf={node} onChange={onChange} pointer={pointer} /></div>
      {!readOnly && <IconButton label={t('targeting.condition.remove')} icon="trash" onPress={onRemove} />}
    </div>
  );
}

function Group({ node, pointer, onChange, onRemove, depth }: NodeProps<GroupDraft>) {
  const t = useT();
  const { readOnly } = useTargeting();
  const fault = useFault(pointer);
  return (
    <fieldset className={`condition-group ${node.how}`}>
      <legend className="visually-hidden">{t(`targeting.group.${node.how}`)}</legend>
      <div className="row between">
        <Select small hideLabel label={t('targeting.group.how')} value={node.how} disabled={readOnly} onChange={(how: GroupDraft['how']) => onChange({ ...node, how })} options={(['any', 'all', 'not'] as const).map((value) => ({ value, label: t(`targeting.group.${value}`) }))} />
        {!readOnly && <IconButton label={t('targeting.group.remove')} icon="trash" onPress={onRemove} />}
      </div>
      <ConditionList nodes={node.members} onChange={(members) => onChange({ ...node, members })} pointerOf={(index) => memberPointer(pointer, node, index)} joined={node.how === 'any' ? 'or' : 'and'} depth={depth + 1} />
      {fault !== undefined && <span className="fault">{fault}</span>}
    </fieldset>
  );
}

/** Conditions that belong together, and groups of them, as deep as they go. */
export function ConditionList({ nodes, onChange, pointerOf, joined, depth = 0 }: { nodes: readonly NodeDraft[]; onChange: (nodes: NodeDraft[]) => void; pointerOf: (index: number) => string; joined: 'and' | 'or'; depth?: number }) {
  const t = useT();
  const { readOnly } = useTargeting();
  return (
    <div className="conditions">
      {nodes.map((node, index) => {
        const props = { pointer: pointerOf(index), depth, onChange: (next: NodeDraft) => onChange(nodes.map((one) => (one.uid === node.uid ? next : one))), onRemove: () => onChange(nodes.filter((one) => one.uid !== node.uid)) };
        return (
          <div key={node.uid} className="condition-row">
            <span className="joiner" aria-hidden={index === 0}>{index === 0 ? '' : t(`targeting.join.${joined}`)}</span>
            {node.kind === 'leaf' ? <Leaf node={node} {...props} /> : <Group node={node} {...props} />}
          </div>
        );
      })}
      {!readOnly && (
        <div className="row wrap">
          <Button small look="ghost" icon="plus" onPress={() => onChange([...nodes, emptyLeaf()])}>{t('targeting.condition.add')}</Button>
          {depth < MAX_DEPTH && <Button small look="ghost" icon="plus" onPress={() => onChange([...nodes, emptyGroup('any')])}>{t('targeting.group.add')}</Button>}
        </div>
      )}
    </div>
  );
}

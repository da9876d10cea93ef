import { useT } from '../i18n/intl';
import { Tokens, type ComboOption } from '../ui/combo';
import { Segmented, TextField } from '../ui/fields';
import type { LeafDraft, ValueKind } from './condition-draft';
import { InstantField } from './instant-field';
import { meanings, type Operand } from './operators';
import { RegionPicker } from './region-picker';
import { useTargeting } from './targeting-context';
import { useFault } from './use-fault';

interface EditorProps { leaf: LeafDraft; onChange: (leaf: LeafDraft) => void; label: string; fault: string | undefined }

const languages = ['hi', 'hi-IN', 'en', 'en-IN', 'mr', 'ta', 'te', 'kn', 'bn', 'gu', 'ml', 'pa', 'or', 'as', 'ur'];

function KindChoice({ leaf, onChange }: Pick<EditorProps, 'leaf' | 'onChange'>) {
  const t = useT();
  const { readOnly } = useTargeting();
  const kinds: readonly ValueKind[] = leaf.as === 'json' ? ['text', 'number', 'boolean', 'json'] : ['text', 'number', 'boolean'];
  return <Segmented label={t('targeting.value.kind')} value={leaf.as} disabled={readOnly} onChange={(as) => onChange({ ...leaf, as })} options={kinds.map((value) => ({ value, label: t(`targeting.value.kind.${value}`) }))} />;
}

function Single({ leaf, onChange, label, fault, code, placeholder, hint }: EditorProps & { code?: boolean; placeholder?: string; hint?: string }) {
  const { readOnly } = useTargeting();
  return <TextField hideLabel label={label} value={leaf.texts[0] ?? ''} onChange={(text) => onChange({ ...leaf, texts: [text] })} fault={fault} disabled={readOnly} {...(code === undefined ? {} : { code })} {...(placeholder === undefined ? {} : { placeholder })} {...(hint === undefined ? {} : { hint })} />;
}

function Many({ leaf, onChange, label, fault, options, free, placeholder }: EditorProps & { options?: readonly ComboOption[]; free?: boolean; placeholder?: string }) {
  const { readOnly } = useTargeting();
  return <><Tokens label={label} values={leaf.texts} onChange={(texts) => onChange({ ...leaf, texts })} invalid={fault !== undefined} disabled={readOnly} {...(options === undefined ? {} : { options })} {...(free === undefined ? {} : { free })} {...(placeholder === undefined ? {} : { placeholder })} />{fault !== undefined && <span className="fault">{fault}</span>}</>;
}

function Regions({ leaf, onChange, label, fault }: EditorProps) {
  const { regions, readOnly } = useTargeting();
  return <><RegionPicker label={label} values={leaf.texts} onChange={(texts) => onChange({ ...leaf, texts })} regions={regions} invalid={fault !== undefined} disabled={readOnly} />{fault !== undefined && <span className="fault">{fault}</span>}</>;
}

function Scalar(props: EditorProps) {
  return <div className="row top wrap"><div className="grow"><Single {...props} /></div><KindChoice {...props} /></div>;
}

function List(props: EditorProps) {
  return <div className="row top wrap"><div className="grow stack tight"><Many {...props} /></div><KindChoice {...props} /></div>;
}

function Catalogued(props: EditorProps & { of: 'segments' | 'calendars' }) {
  const t = useT();
  const options = useTargeting()[props.of];
  return <Many {...props} options={options} free={false} placeholder={t(`targeting.value.${props.of}`)} />;
}

function Languages(props: EditorProps) {
  const t = useT();
  const names = new Intl.DisplayNames(undefined, { type: 'language' });
  return <Many {...props} options={languages.map((id) => ({ id, label: id, detail: names.of(id) ?? '' }))} placeholder={t('targeting.value.languages')} />;
}

function Instant({ leaf, onChange, label, fault }: EditorProps) {
  const { readOnly } = useTargeting();
  return <InstantField hideLabel label={label} value={leaf.texts[0] ?? ''} onChange={(text) => onChange({ ...leaf, texts: text === '' ? [] : [text] })} fault={fault} disabled={readOnly} />;
}

function Regex(props: EditorProps) {
  const t = useT();
  return <Single {...props} code placeholder="^MH-(12|14)" hint={t('targeting.value.regexHint')} />;
}

const editors: Readonly<Record<Operand, (props: EditorProps) => React.JSX.Element | null>> = {
  scalar: Scalar, list: List, number: (props) => <Single {...props} placeholder="50" />, text: Single, regex: Regex, none: () => null,
  version: (props) => <Single {...props} code placeholder="4.2.0" />, instant: Instant, languages: Languages, regions: Regions,
  calendars: (props) => <Catalogued {...props} of="calendars" />, segments: (props) => <Catalogued {...props} of="segments" />,
};

/** What a condition compares with, edited as its operator asks. */
export function ValueEditor({ leaf, onChange, pointer }: { leaf: LeafDraft; onChange: (leaf: LeafDraft) => void; pointer: string }) {
  const t = useT();
  const fault = useFault(`${pointer}/value`);
  const Editor = editors[meanings[leaf.operator].operand];
  return <Editor leaf={leaf} onChange={onChange} label={t('targeting.value.of', { attribute: leaf.attribute })} fault={fault} />;
}

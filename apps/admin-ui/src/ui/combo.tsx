import { useState } from 'react';
import { Button as AriaButton } from 'react-aria-components/Button';
import { ComboBox } from 'react-aria-components/ComboBox';
import { Input } from 'react-aria-components/Input';
import { ListBox, ListBoxItem } from 'react-aria-components/ListBox';
import { Popover } from 'react-aria-components/Popover';
import { useT } from '../i18n/intl';
import { Icon } from './icons';

export interface ComboOption { id: string; label: string; detail?: string }

const MOST_SHOWN = 200;

const fits = (option: ComboOption, text: string): boolean => {
  const wanted = text.trim().toLocaleLowerCase();
  return wanted === '' || option.id.toLocaleLowerCase().includes(wanted) || option.label.toLocaleLowerCase().includes(wanted);
};

function Options({ items }: { items: readonly ComboOption[] }) {
  return (
    <Popover className="popover" offset={4}>
      <ListBox items={items}>
        {(option: ComboOption) => (
          <ListBoxItem id={option.id} textValue={option.label} className="option">
            <span className="grow"><span>{option.label}</span>{option.detail !== undefined && <span className="tiny faint">{option.detail}</span>}</span>
          </ListBoxItem>
        )}
      </ListBox>
    </Popover>
  );
}

interface ComboProps { label: string; value: string; onChange: (value: string) => void; options: readonly ComboOption[]; free?: boolean; placeholder?: string; invalid?: boolean; code?: boolean; disabled?: boolean }

/** Type to find one of many; with `free` anything that is typed is taken. The label is for screen readers: put a visible one beside it. */
export function Combo({ label, value, onChange, options, free, placeholder, invalid, code, disabled }: ComboProps) {
  const [text, setText] = useState<string | null>(null);
  const shown = text ?? options.find((option) => option.id === value)?.label ?? value;
  const items = options.filter((option) => text === null || fits(option, text)).slice(0, MOST_SHOWN);
  const change = (typed: string): void => {
    setText(typed);
    if (free === true) onChange(typed);
  };
  return (
    <ComboBox
      aria-label={label} className="combo" menuTrigger="focus" inputValue={shown} onInputChange={change} selectedKey={value === '' ? null : value} items={items}
      onSelectionChange={(key) => { setText(null); if (key !== null) onChange(String(key)); }} onBlur={() => setText(null)}
      isInvalid={invalid === true} isDisabled={disabled === true} allowsCustomValue={free === true} allowsEmptyCollection={false}
    >
      <Input className={`input${code === true ? ' code' : ''}`} {...(placeholder === undefined ? {} : { placeholder })} />
      <AriaButton><Icon name="down" size={14} /></AriaButton>
      <Options items={items} />
    </ComboBox>
  );
}

interface TokensProps { label: string; values: readonly string[]; onChange: (values: string[]) => void; options?: readonly ComboOption[]; placeholder?: string; invalid?: boolean; disabled?: boolean; free?: boolean }

const partsOf = (text: string): string[] => text.split(/[,\n\t]/).map((part) => part.trim()).filter((part) => part !== '');

/** Several values, each shown with a button to take it away: pick from `options`, type (Enter or comma), or paste a list. */
export function Tokens({ label, values, onChange, options = [], placeholder, invalid, disabled, free = true }: TokensProps) {
  const t = useT();
  const [text, setText] = useState('');
  const known = new Map(options.map((option) => [option.id, option]));
  const add = (more: readonly string[]): void => {
    const taken = more.filter((value) => free || known.has(value));
    setText('');
    if (taken.length > 0) onChange([...new Set([...values, ...taken])]);
  };
  const items = options.filter((option) => !values.includes(option.id) && fits(option, text)).slice(0, MOST_SHOWN);
  return (
    <div className="tokens" data-invalid={invalid === true || undefined}>
      {values.map((value) => (
        <span className="tag" key={value}>
          {known.get(value)?.label ?? value}
          {disabled !== true && <button type="button" aria-label={t('common.removeValue', { value: known.get(value)?.label ?? value })} onClick={() => onChange(values.filter((one) => one !== value))}><Icon name="close" size={12} /></button>}
        </span>
      ))}
      {disabled !== true && (
        <ComboBox aria-label={label} className="combo grow" menuTrigger="focus" inputValue={text} onInputChange={(typed) => (free && /[,\n\t]/.test(typed) ? add(partsOf(typed)) : setText(typed))} selectedKey={null} items={items} allowsCustomValue isInvalid={invalid === true} onSelectionChange={(key) => { if (key !== null) add([String(key)]); }}>
          <Input
            placeholder={values.length === 0 ? placeholder ?? t('common.addValue') : ''} onBlur={() => add(partsOf(text))}
            onKeyDown={(event) => {
              if (event.key === 'Backspace' && text === '' && values.length > 0) onChange(values.slice(0, -1));
              if (event.key === 'Enter' && free && text.trim() !== '' && !event.currentTarget.hasAttribute('aria-activedescendant')) add(partsOf(text));
              if (event.key === 'Enter') event.preventDefault();
            }}
          />
          <Options items={items} />
        </ComboBox>
      )}
    </div>
  );
}

import { type InputHTMLAttributes, type ReactNode, type Ref, type SelectHTMLAttributes, type TextareaHTMLAttributes, useId } from 'react';
import { useT } from '../i18n/intl';
import { Icon } from './icons';

interface FieldProps { label: ReactNode; hint?: ReactNode; fault?: ReactNode; optional?: boolean | undefined; hideLabel?: boolean | undefined }
interface Wiring { id: string; 'aria-describedby': string | undefined; 'aria-invalid': true | undefined }

/** Label, hint and fault around any control; the control gets what ties them together. */
export function Field({ label, hint, fault, optional, hideLabel, children }: FieldProps & { children: (wiring: Wiring) => ReactNode }) {
  const id = useId();
  const t = useT();
  const described = [hint === undefined ? null : `${id}-hint`, fault === undefined || fault === null ? null : `${id}-fault`].filter((part) => part !== null).join(' ');
  return (
    <div className="field">
      <label htmlFor={id} className={hideLabel === true ? 'visually-hidden' : undefined}>{label}{optional === true && <span className="optional"> {t('common.optional')}</span>}</label>
      {children({ id, 'aria-describedby': described === '' ? undefined : described, 'aria-invalid': fault === undefined || fault === null ? undefined : true })}
      {hint !== undefined && <span className="hint" id={`${id}-hint`}>{hint}</span>}
      {fault !== undefined && fault !== null && <span className="fault" id={`${id}-fault`}><Icon name="alert" size={14} />{fault}</span>}
    </div>
  );
}

type Own<P> = FieldProps & Omit<P, 'onChange' | 'value' | 'id'> & { value: string; onChange: (value: string) => void };

export function TextField({ label, hint, fault, optional, hideLabel, value, onChange, code, small, inputRef, ...rest }: Own<InputHTMLAttributes<HTMLInputElement>> & { code?: boolean; small?: boolean; inputRef?: Ref<HTMLInputElement> }) {
  return (
    <Field {...{ label, hint, fault, hideLabel, optional }}>
      {(wiring) => <input ref={inputRef} className={`input${code === true ? ' code' : ''}${small === true ? ' small' : ''}`} autoComplete="off" spellCheck={code !== true} value={value} onChange={(event) => onChange(event.target.value)} {...wiring} {...rest} />}
    </Field>
  );
}

export function TextArea({ label, hint, fault, optional, hideLabel, value, onChange, code, ...rest }: Own<TextareaHTMLAttributes<HTMLTextAreaElement>> & { code?: boolean }) {
  return (
    <Field {...{ label, hint, fault, hideLabel, optional }}>
      {(wiring) => <textarea className={`textarea${code === true ? ' code' : ''}`} spellCheck={code !== true} value={value} onChange={(event) => onChange(event.target.value)} {...wiring} {...rest} />}
    </Field>
  );
}

/** A choice among few: the system's own list, which every phone and screen reader knows. */
export function Select<V extends string>({ label, hint, fault, optional, hideLabel, value, onChange, options, small, ...rest }: FieldProps & Omit<SelectHTMLAttributes<HTMLSelectElement>, 'onChange' | 'value' | 'id'> & { value: V; onChange: (value: V) => void; options: readonly { value: V; label: string; group?: string }[]; small?: boolean }) {
  const groups = [...new Set(options.map((option) => option.group))];
  const shown = (group: string | undefined): ReactNode => options.filter((option) => option.group === group).map((option) => <option key={option.value} value={option.value}>{option.label}</option>);
  return (
    <Field {...{ label, hint, fault, hideLabel, optional }}>
      {(wiring) => (
        <select className={`select${small === true ? ' small' : ''}`} value={value} onChange={(event) => onChange(event.target.value as V)} {...wiring} {...rest}>
          {groups.map((group) => (group === undefined ? shown(group) : <optgroup key={group} label={group}>{shown(group)}</optgroup>))}
        </select>
      )}
    </Field>
  );
}

export function Checkbox({ label, hint, checked, onChange, disabled }: { label: ReactNode; hint?: ReactNode; checked: boolean; onChange: (checked: boolean) => void; disabled?: boolean }) {
  return (
    <label className="checkbox">
      <input type="checkbox" checked={checked} disabled={disabled} onChange={(event) => onChange(event.target.checked)} />
      <span><span>{label}</span>{hint !== undefined && <span className="hint"><br />{hint}</span>}</span>
    </label>
  );
}

/** Two to five choices side by side; radio buttons underneath. */
export function Segmented<V extends string>({ label, value, onChange, options, disabled }: { label: string; value: V; onChange: (value: V) => void; options: readonly { value: V; label: ReactNode }[]; disabled?: boolean }) {
  const name = useId();
  return (
    <div className="segmented" role="radiogroup" aria-label={label}>
      {options.map((option) => (
        <label key={option.value}>
          <input type="radio" name={name} checked={option.value === value} disabled={disabled} onChange={() => onChange(option.value)} />
          <span>{option.label}</span>
        </label>
      ))}
    </div>
  );
}

export function SearchField({ label, value, onChange, onBlur, placeholder, inputRef }: { label: string; value: string; onChange: (value: string) => void; onBlur?: () => void; placeholder?: string; inputRef?: Ref<HTMLInputElement> }) {
  return (
    <div className="search">
      <Icon name="search" />
      <input ref={inputRef} type="search" className="input" aria-label={label} placeholder={placeholder ?? label} value={value} onChange={(event) => onChange(event.target.value)} onBlur={onBlur} autoComplete="off" spellCheck={false} />
    </div>
  );
}

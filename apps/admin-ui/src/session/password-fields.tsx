import { PASSWORD_LENGTH_LEAST } from './password-length';
import { type Translate, useT } from '../i18n/intl';
import { isApiError } from '../api/client';
import { faultText } from '../api/fault-text';
import { TextField } from '../ui/fields';

/** What the server says is wrong with one member of the request. */
export const faultAt = (error: unknown, pointer: string, t: Translate): string | undefined => {
  const fault = isApiError(error) ? error.faults.find((one) => one.pointer === pointer) : undefined;
  return fault === undefined ? undefined : faultText(fault, t);
};

/** A password that is chosen anew. */
export function NewPassword({ label, value, onChange, error }: { label: string; value: string; onChange: (value: string) => void; error: unknown }) {
  const t = useT();
  return (
    <TextField
      label={label} type="password" autoComplete="new-password" minLength={PASSWORD_LENGTH_LEAST} maxLength={256} required value={value} onChange={onChange}
      hint={t('session.passwordHint', { least: PASSWORD_LENGTH_LEAST })} fault={faultAt(error, '/password', t)}
    />
  );
}

import { lazy, Suspense, useRef, useState } from 'react';
import { Button as AriaButton } from 'react-aria-components/Button';
import { roleOf, useSession } from '../api/session';
import { useT } from '../i18n/intl';
import { switchLocale } from '../i18n/catalogues';
import { useLocale } from '../i18n/intl';
import { type Locale, localeNames, locales, rememberLocale } from '../i18n/locales';
import { Segmented, Select } from '../ui/fields';
import { Icon } from '../ui/icons';
import { setTheme, useTheme } from './theme';

const AccountSettings = lazy(() => import('./account-settings').then((module) => ({ default: module.AccountSettings })));

export const chooseLocale = (locale: Locale): void => {
  rememberLocale(locale);
  void switchLocale(locale);
};

export function LanguageSelect() {
  const t = useT();
  return <Select label={t('common.language')} value={useLocale()} onChange={chooseLocale} options={localeNames.map((value) => ({ value, label: locales[value].name }))} />;
}

export function ThemeChooser() {
  const t = useT();
  return (
    <div className="field">
      <span className="label">{t('common.theme.label')}</span>
      <Segmented label={t('common.theme.label')} value={useTheme()} onChange={setTheme} options={(['system', 'light', 'dark'] as const).map((value) => ({ value, label: t(`common.theme.${value}`) }))} />
    </div>
  );
}

/** Who is signed in; opens language, appearance, and the way out. */
export function Account() {
  const t = useT();
  const principal = useSession();
  const trigger = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(false);
  const name = principal?.name ?? principal?.subject ?? '…';
  const role = roleOf(principal);
  return (
    <>
      <AriaButton ref={trigger} className="account" aria-haspopup="dialog" aria-expanded={open} onPress={() => setOpen(true)}>
        <span className="avatar" aria-hidden="true">{name.slice(0, 1).toUpperCase()}</span>
        <span className="grow truncate"><span className="visually-hidden">{t('common.settings')} </span><span className="small strong">{name}</span><br /><span className="tiny faint">{role === null ? '' : t(`common.role.${role}`)}</span></span>
        <Icon name="settings" size={14} />
      </AriaButton>
      {open && <Suspense fallback={null}><AccountSettings trigger={trigger} name={name} onClose={() => setOpen(false)} /></Suspense>}
    </>
  );
}

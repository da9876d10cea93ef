import type { RefObject } from 'react';
import { Link } from '@tanstack/react-router';
import { Dialog as AriaDialog } from 'react-aria-components/Dialog';
import { Popover } from 'react-aria-components/Popover';
import { useSession } from '../api/session';
import { useT } from '../i18n/intl';
import { signOut } from '../session/sign-out';
import { Button } from '../ui/button';
import { LanguageSelect, ThemeChooser } from './account';

/** Language, appearance, and the way out, beside the button that opens them. */
export function AccountSettings({ trigger, name, onClose }: { trigger: RefObject<HTMLElement | null>; name: string; onClose: () => void }) {
  const t = useT();
  const principal = useSession();
  return (
    <Popover className="popover account-popover" placement="top start" triggerRef={trigger} isOpen onOpenChange={(next) => { if (!next) onClose(); }}>
      <AriaDialog className="dialog" aria-label={t('common.account', { name })}>
        {principal?.email !== undefined && <Link to="/profile" onClick={onClose}>{t('common.profile')}</Link>}
        <LanguageSelect />
        <ThemeChooser />
        <Button icon="logout" onPress={() => { onClose(); void signOut(); }}>{t('common.signOut')}</Button>
      </AriaDialog>
    </Popover>
  );
}

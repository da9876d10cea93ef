import { Dialog as AriaDialog } from 'react-aria-components/Dialog';
import { Modal, ModalOverlay } from 'react-aria-components/Modal';
import { useT } from '../i18n/intl';
import { IconButton } from '../ui/button';
import { Account } from './account';
import { Brand, Navigation } from './shell';

/** The side bar where there is no room for one beside the page. */
export function Drawer({ onClose }: { onClose: () => void }) {
  const t = useT();
  return (
    <ModalOverlay className="scrim drawer-scrim" isOpen onOpenChange={(next) => { if (!next) onClose(); }} isDismissable>
      <Modal className="modal">
        <AriaDialog className="sidebar drawer" aria-label={t('common.nav.label')}>
          <div className="row between"><Brand /><IconButton label={t('common.close')} icon="close" onPress={onClose} /></div>
          <Navigation onGone={onClose} />
          <div className="sidebar-foot"><Account /></div>
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

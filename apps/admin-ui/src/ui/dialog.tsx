import { type ReactNode, useState } from 'react';
import { Dialog as AriaDialog } from 'react-aria-components/Dialog';
import { Heading } from 'react-aria-components/Heading';
import { Modal, ModalOverlay } from 'react-aria-components/Modal';
import { useT } from '../i18n/intl';
import { Button, IconButton } from './button';
import { TextField } from './fields';
import { ErrorNotice } from './states';

interface DialogProps { title: ReactNode; open: boolean; onClose: () => void; children: ReactNode; footer?: ReactNode; wide?: boolean; side?: boolean; alert?: boolean }

/** A modal dialog, or with `side` a panel at the edge. Focus goes in, stays in, and comes back. */
export function Dialog({ title, open, onClose, children, footer, wide, side, alert }: DialogProps) {
  const t = useT();
  return (
    <ModalOverlay className={`scrim${side === true ? ' side' : ''}`} isOpen={open} onOpenChange={(next) => { if (!next) onClose(); }} isDismissable={alert !== true}>
      <Modal className={`modal${wide === true ? ' wide' : ''}`}>
        <AriaDialog className="dialog" role={alert === true ? 'alertdialog' : 'dialog'}>
          <header>
            <Heading slot="title" level={2}>{title}</Heading>
            <IconButton label={t('common.close')} icon="close" small onPress={onClose} />
          </header>
          {children}
          {footer !== undefined && <footer>{footer}</footer>}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

interface ConfirmProps {
  title: ReactNode; open: boolean; onClose: () => void; confirm: string; danger?: boolean; children?: ReactNode;
  /** Text that has to be typed first, for what is hard to undo. */
  typed?: string;
  /** Asks why; the reason is kept with the change. */
  reason?: boolean;
  pending?: boolean; error?: unknown; disabled?: boolean;
  onConfirm: (reason: string) => void;
}

/** Says what will happen and asks once more. */
export function Confirm({ title, open, onClose, confirm, danger, children, typed, reason, pending, error, disabled, onConfirm }: ConfirmProps) {
  const t = useT();
  const [why, setWhy] = useState('');
  const [text, setText] = useState('');
  const ready = disabled !== true && (typed === undefined || text === typed);
  return (
    <Dialog title={title} open={open} onClose={onClose} alert footer={<>
      <Button onPress={onClose}>{t('common.cancel')}</Button>
      <Button look={danger === true ? 'danger' : 'primary'} isDisabled={!ready} pending={pending === true} onPress={() => onConfirm(why)}>{confirm}</Button>
    </>}>
      {children}
      {reason === true && <TextField label={t('common.reason')} hint={t('common.reasonHint')} optional value={why} onChange={setWhy} maxLength={300} />}
      {typed !== undefined && <TextField label={t('common.typeToConfirm', { text: typed })} code value={text} onChange={setText} />}
      {error !== undefined && error !== null && <ErrorNotice error={error} />}
    </Dialog>
  );
}

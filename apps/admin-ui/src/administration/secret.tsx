import { useT } from '../i18n/intl';
import { Button } from '../ui/button';
import { CopyButton } from '../ui/copy';
import { Dialog } from '../ui/dialog';
import { Notice } from '../ui/states';
import './administration.css';

/** Something that is shown this once, with the button that takes it along. */
export function SecretOnce({ title, secret, hint, onClose }: { title: string; secret: string; hint: string; onClose: () => void }) {
  const t = useT();
  return (
    <Dialog title={title} open alert onClose={onClose} footer={<Button look="primary" onPress={onClose}>{t('administration.secret.kept')}</Button>}>
      <Notice look="warn">{t('administration.secret.once')}</Notice>
      <div className="secret"><code>{secret}</code><CopyButton big text={secret} /></div>
      <p className="small soft">{hint}</p>
    </Dialog>
  );
}

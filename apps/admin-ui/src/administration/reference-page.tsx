import { Page } from '../ui/page';

export function ReferencePage() {
  return <Page title="Reference">…</Page>;
}

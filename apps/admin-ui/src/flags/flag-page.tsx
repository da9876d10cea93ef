import { Page } from '../ui/page';

export function FlagPage() {
  return <Page title="Flag">…</Page>;
}

import { Page } from '../ui/page';

export function NewFlagPage() {
  return <Page title="New flag">…</Page>;
}

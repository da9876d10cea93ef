import { Page } from '../ui/page';

export function RegionsPage() {
  return <Page title="Regions">…</Page>;
}

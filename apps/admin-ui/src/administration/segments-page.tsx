import { Page } from '../ui/page';

export function SegmentsPage() {
  return <Page title="Segments">…</Page>;
}

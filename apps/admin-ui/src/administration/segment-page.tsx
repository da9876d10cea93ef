import { Page } from '../ui/page';

export function SegmentPage() {
  return <Page title="Segment">…</Page>;
}

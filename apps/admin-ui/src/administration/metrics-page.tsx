import { Page } from '../ui/page';

export function MetricsPage() {
  return <Page title="Metrics">…</Page>;
}

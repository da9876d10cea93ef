import { Page } from '../ui/page';

export function CalendarPage() {
  return <Page title="Calendar">…</Page>;
}

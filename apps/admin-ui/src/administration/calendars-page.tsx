import { Page } from '../ui/page';

export function CalendarsPage() {
  return <Page title="Calendars">…</Page>;
}

import type { Notifications } from './notifications';
import { ServerError } from './server';

/** How it stands with the server. */
export type ContactStatus = 'connecting' | 'ready' | 'stale' | 'error';

/** Whether the server is in reach, and telling when that changes: STALE at once, an error when it lasts or when the key is refused. */
export class Contact {
  status: ContactStatus = 'connecting';
  private graceTimer: NodeJS.Timeout | undefined;
  private last: Error | undefined;

  constructor(private readonly notifications: Notifications, private readonly graceMs: number) {}

  made(): void {
    if (this.status === 'ready') return;
    this.close();
    this.status = 'ready';
    this.notifications.tell('ready');
  }

  /** @param hasRules - whether there is anything to serve that could be stale */
  lost(error: Error, hasRules: boolean): void {
    this.last = error;
    if (this.status === 'error') return;
    if (hasRules && this.status !== 'stale') {
      this.status = 'stale';
      this.notifications.tell('stale');
    }
    if (error instanceof ServerError && error.isRefusal) return this.fail();
    this.graceTimer ??= setTimeout(() => this.fail(), this.graceMs);
    this.graceTimer.unref();
  }

  close(): void {
    clearTimeout(this.graceTimer);
    this.graceTimer = undefined;
  }

  private fail(): void {
    this.close();
    this.status = 'error';
    this.notifications.tell('error', this.last!);
  }
}

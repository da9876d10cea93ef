import type { ServerResponse } from 'node:http';
import type { LiveEvent, LiveRate, Principal } from '@pataka/contracts';
import { fits, type LiveFilter } from './live-event';

/** More than anybody can read. */
const SHOWN_A_SECOND = 40;
const MAX_BUFFERED_BYTES = 256 * 1024;

/** One listener: takes what fits its filter, as much of it as a person can follow, and is told how much that is of all. */
export class LiveClient {
  private shown = 0;
  private exposures = 0;
  private conversions = 0;

  constructor(readonly response: ServerResponse, readonly principal: Principal, readonly openedAt: number, private readonly filter: LiveFilter) {}

  wants(type: LiveEvent['type']): boolean {
    return this.filter.types.has(type);
  }

  take(event: LiveEvent): void {
    if (!fits(event, this.filter)) return;
    if (event.type === 'exposure') this.exposures += 1;
    if (event.type === 'conversion') this.conversions += 1;
    const frequent = event.type === 'exposure' || event.type === 'conversion';
    if (frequent && this.shown >= SHOWN_A_SECOND) return;
    if (frequent) this.shown += 1;
    this.send(`id: ${event.id}\nevent: live\ndata: ${JSON.stringify(event)}\n\n`);
  }

  /** A second is over. `standFor`: how many events each that was looked into stands for. */
  tick(at: string, standFor: { exposure: number; conversion: number }): void {
    const exposures = Math.round(this.exposures * standFor.exposure);
    const conversions = Math.round(this.conversions * standFor.conversion);
    if (exposures + conversions === 0) return;
    const rate: LiveRate = { at, exposures, conversions, shown: this.shown, oneIn: Math.max(1, Math.round((exposures + conversions) / Math.max(1, this.shown))) };
    this.send(`event: rate\ndata: ${JSON.stringify(rate)}\n\n`);
    this.shown = this.exposures = this.conversions = 0;
  }

  /** Whoever does not read is cut off rather than buffered for. */
  send(text: string): void {
    if (this.response.writableLength > MAX_BUFFERED_BYTES) this.response.destroy();
    else this.response.write(text);
  }
}

import type { EventLog, EventStore, ProjectionRunner } from '@pataka/event-sourcing';

/** What an operator works on of one service, whether it runs or not: its projections and, where it has one, its event store. */
export interface Operations {
  runner: ProjectionRunner;
  store?: EventStore;
  close(): Promise<void>;
}

/** How a service opens itself for operations. */
export type OpenOperations = (parts: { databaseUrl: string; log: EventLog }) => Operations;

import type { Pataka } from '@pataka/web';
import { createContext, createElement, type ReactElement, type ReactNode, useContext } from 'react';

const ClientContext = createContext<Pataka | null>(null);

/** What the provider takes. */
export interface PatakaProviderProps {
  /** Made once, outside of components: `Pataka.create(…)`; on a server `Pataka.fromBootstrap(…)`, one for each request. */
  client: Pataka;
  children?: ReactNode;
}

/** Gives a client to everything below. It neither opens nor closes the client: the application owns it. */
export const PatakaProvider = ({ client, children }: PatakaProviderProps): ReactElement =>
  createElement(ClientContext.Provider, { value: client }, children);

/** The client of the nearest provider. @throws Error where there is none, which is a mistake in the tree and not of the network */
export const usePataka = (): Pataka => {
  const client = useContext(ClientContext);
  if (client === null) throw new Error('usePataka, useFlag and useExperiment need a PatakaProvider above them');
  return client;
};

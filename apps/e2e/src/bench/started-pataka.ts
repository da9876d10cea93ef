import { PatakaProcess, type PatakaOptions } from '../harness/pataka-process';
import type { Stores } from './stores';

/** A whole Pataka that is ready, and that ends before its stores do. */
export const startPataka = async (stores: Stores, options: PatakaOptions): Promise<PatakaProcess> => {
  const pataka = await PatakaProcess.create(options);
  stores.beforeClose(() => pataka.dispose());
  pataka.spawn();
  await pataka.ready();
  return pataka;
};

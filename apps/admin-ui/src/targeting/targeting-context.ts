import { createContext, useContext } from 'react';
import type { FlagType, Region } from '@pataka/contracts';
import type { ComboOption } from '../ui/combo';
import type { DraftFaults } from './draft-faults';

/** What the editors of rules need to know of the world around them. */
export interface TargetingWorld {
  type: FlagType; readOnly: boolean; attributes: readonly ComboOption[]; segments: readonly ComboOption[]; calendars: readonly ComboOption[]; regions: readonly Region[];
  /** Faults found here, and those that the server named. */
  faults: DraftFaults; refused: ReadonlyMap<string, string>;
}

const none: TargetingWorld = { type: 'BOOLEAN', readOnly: true, attributes: [], segments: [], calendars: [], regions: [], faults: new Map(), refused: new Map() };
export const TargetingContext = createContext<TargetingWorld>(none);
export const useTargeting = (): TargetingWorld => useContext(TargetingContext);

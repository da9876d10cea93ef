import { type CreateExperiment, DomainError, type PatchExperiment } from '@pataka/contracts';
import type { AccessDirectory } from '@pataka/platform';
import type { Catalogue } from '../rollouts/catalogue';
import { experimentFaults } from './experiment-faults';
import { referencesOf } from './reference-faults';

/** What an experiment is checked for that takes a look at what others keep. */
export class ExperimentChecks {
  constructor(private readonly access: AccessDirectory, private readonly catalogue: Catalogue) {}

  /** @throws DomainError `validation` with every fault of the body, and everything it names that is not there. */
  async refuseFaulty(body: CreateExperiment): Promise<void> {
    const faults = [...experimentFaults(body, this.access.environments()), ...await this.catalogue.unknown(referencesOf(body))];
    if (faults.length > 0) throw new DomainError('validation', `${faults.length} fault${faults.length === 1 ? '' : 's'} in the experiment`, faults);
  }

  /** @throws DomainError `validation` with everything a change names that is not there. */
  async refuseUnknown(patch: PatchExperiment): Promise<void> {
    const faults = await this.catalogue.unknown(referencesOf(patch));
    if (faults.length > 0) throw new DomainError('validation', undefined, faults);
  }
}

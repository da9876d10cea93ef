import { type CreateExperiment, DomainError, type PatchExperiment } from '@pataka/contracts';
import type { Sql } from '@pataka/event-sourcing';
import type { AccessDirectory } from '@pataka/platform';
import type { Placements } from '../layers/placement';
import type { Catalogue } from '../rollouts/catalogue';
import { experimentFaults } from './experiment-faults';
import { referencesOf } from './reference-faults';

/** What an experiment is checked for that takes a look at what others keep. */
export class ExperimentChecks {
  constructor(private readonly parts: { access: AccessDirectory; catalogue: Catalogue; placements: Placements; sql: Sql }) {}

  /** @throws DomainError `validation` with every fault of the body, and everything it names that is not there. */
  async refuseFaulty(body: CreateExperiment): Promise<void> {
    const { access, catalogue, placements, sql } = this.parts;
    const faults = [...experimentFaults(body, access.environments()), ...await placements.faults(sql, body), ...await catalogue.unknown(referencesOf(body))];
    if (faults.length > 0) throw new DomainError('validation', `${faults.length} fault${faults.length === 1 ? '' : 's'} in the experiment`, faults);
  }

  /** @throws DomainError `validation` with everything a change names that is not there. */
  async refuseUnknown(patch: PatchExperiment): Promise<void> {
    const faults = await this.parts.catalogue.unknown(referencesOf(patch));
    if (faults.length > 0) throw new DomainError('validation', undefined, faults);
  }
}

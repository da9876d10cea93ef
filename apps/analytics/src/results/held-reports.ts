import type { ExperimentResults } from '@pataka/contracts';
import { reportOf, type ReportInput, type ReportRequest } from './report';

const MOST_REQUESTS = 20;

/** Reports of evidence that is still the same object are not worked out again: of the same evidence and request, only the offsets are new. */
export class HeldReports {
  private readonly reports = new WeakMap<object, Map<string, ExperimentResults>>();

  of(input: ReportInput, request: ReportRequest): ExperimentResults {
    const held = this.reports.get(input.rows) ?? new Map<string, ExperimentResults>();
    this.reports.set(input.rows, held);
    const name = JSON.stringify([request.from, request.to, request.method]);
    const report = held.get(name) ?? reportOf(input, request);
    if (held.size < MOST_REQUESTS) held.set(name, report);
    return { ...report, coverage: { ...report.coverage, offsets: input.offsets } };
  }
}

import type { ExperimentResults } from '@pataka/contracts';
import type { EvidenceReader } from './evidence-reader';
import { requestOf, type PeriodQuery } from './period';
import { reportOf, type ReportInput } from './report';
import type { ReportStore } from './report-store';

export interface ReportDeskParts { evidence: Pick<EvidenceReader, 'input'>; reports: Pick<ReportStore, 'keep'>; nowMs: () => number }

/** How old an answer may be. While events come in, each look at the evidence finds it changed, and costs as much as many answers. */
export const FRESH_MS = 500;
// An answer that is asked for again at this age is renewed beside: who asks all the time never waits.
const RENEW_MS = 200;
const MOST_HELD = 100;

interface Answer { askedAt: number; input: ReportInput; results: ExperimentResults; document: string }

/** Answers reports as text. The same question is worked out once for all who ask it within a moment, and kept by its name before anybody hears that. */
export class ReportDesk {
  private readonly held = new Map<string, Answer>();
  private readonly underWay = new Map<string, { askedAt: number; answer: Promise<Answer> }>();

  constructor(private readonly parts: ReportDeskParts) {}

  async answer(id: string, query: PeriodQuery): Promise<string> {
    const question = JSON.stringify([id, query.startDate, query.endDate, query.method]);
    const held = this.held.get(question);
    const age = this.ageOf(held);
    if (age <= RENEW_MS) return held!.document;
    const renewed = this.renewed(question, id, query);
    if (age > FRESH_MS) return (await renewed).document;
    // Whoever asks next hears of a failure.
    renewed.catch(() => undefined);
    return held!.document;
  }

  private ageOf(answer: { askedAt: number } | undefined): number {
    return answer === undefined ? Infinity : this.parts.nowMs() - answer.askedAt;
  }

  private renewed(question: string, id: string, query: PeriodQuery): Promise<Answer> {
    const other = this.underWay.get(question);
    if (other !== undefined && this.ageOf(other) <= FRESH_MS) return other.answer;
    const own = { askedAt: this.parts.nowMs(), answer: this.workedOut(question, id, query) };
    this.underWay.set(question, own);
    return own.answer.finally(() => {
      if (this.underWay.get(question) === own) this.underWay.delete(question);
    });
  }

  private async workedOut(question: string, id: string, query: PeriodQuery): Promise<Answer> {
    const askedAt = this.parts.nowMs();
    const input = await this.parts.evidence.input(id);
    const before = this.held.get(question);
    // Of the same evidence, only the offsets are new.
    const results = before?.input.rows === input.rows ? { ...before.results, coverage: { ...before.results.coverage, offsets: input.offsets } } : reportOf(input, requestOf(query, input));
    const answer = { askedAt, input, results, document: await this.parts.reports.keep(results, false) };
    if (this.ageOf(answer) <= this.ageOf(this.held.get(question))) this.hold(question, answer);
    return answer;
  }

  private hold(question: string, answer: Answer): void {
    this.held.delete(question);
    this.held.set(question, answer);
    const [oldest] = this.held.keys();
    if (this.held.size > MOST_HELD) this.held.delete(oldest!);
  }
}

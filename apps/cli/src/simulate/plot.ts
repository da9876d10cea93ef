import type { SimulatedRun } from '@pataka/experiment-orchestrator';
import type { Frequency, Outlook } from './outlook';

const WIDTH = 40;
const percent = (share: number): string => `${(share * 100).toFixed(1)}%`;
const bar = (percentage: number): string => '█'.repeat(Math.round((percentage / 100) * WIDTH)).padEnd(WIDTH, '·');
const daysText = (range: [number, number, number] | null): string => (range === null ? '' : `, on day ${range[1]} in the middle (${range[0]} to ${range[2]})`);

const line = (what: string, { count, of, rate, interval }: Frequency, more = ''): string =>
  `${what.padEnd(12)} ${percent(rate).padStart(6)}  ${count} of ${of} runs (95% interval ${percent(interval[0])} to ${percent(interval[1])})${more}`;

/** Days worth a line: the first and last, and those on which anything is other than the day before. */
const turns = ({ byDay }: Outlook): Outlook['byDay'] =>
  byDay.filter((one, index) => {
    const before = byDay[index - 1];
    return before === undefined || index === byDay.length - 1 || before.percentage !== one.percentage || before.rolledBack !== one.rolledBack || before.finished !== one.finished;
  });

const MOST_LINES = 40;

/** Many runs as text. */
export const outlookText = (title: string, outlook: Outlook): string => {
  const days = turns(outlook);
  const step = Math.ceil(days.length / MOST_LINES);
  return [
    title, '', line('finished', outlook.finished, daysText(outlook.finishDay)), line('rolled back', outlook.rolledBack, daysText(outlook.rollBackDay)),
    line('held', outlook.held), line('running', outlook.running), '',
    `day  median percentage ${''.padEnd(WIDTH - 18)}       rolled back  finished`,
    ...days.filter((_, index) => index % step === 0 || index === days.length - 1)
      .map(({ day, percentage, rolledBack, finished }) => `${String(day).padStart(3)}  ${bar(percentage)} ${`${percentage}%`.padStart(6)}  ${String(rolledBack).padStart(10)}  ${String(finished).padStart(8)}`),
    ...(Object.keys(outlook.reasons).length === 0 ? [] : ['', 'held or rolled back for, in how many runs:', ...Object.entries(outlook.reasons).slice(0, 12).map(([reason, count]) => `  ${String(count).padStart(6)}  ${reason}`)]),
  ].join('\n');
};

/** Every decision of one run as text. */
export const runText = (title: string, { decisions, outcome, day }: SimulatedRun): string => [
  title, '',
  ...decisions.map(({ day: on, record }) => `day ${String(on).padStart(3)}  ${record.decision.padEnd(8)} ${`${record.toPercentage ?? record.percentage}%`.padStart(6)}  ${record.sentence.en}`),
  '', `${outcome}${day === null ? '' : ` on day ${day}`}`,
].join('\n');

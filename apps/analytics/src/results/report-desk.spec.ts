import { DomainError, type ExperimentResults } from '@pataka/contracts';
import type { ReportInput } from './report';
import { FRESH_MS, ReportDesk } from './report-desk';
import { inputOf, rate } from './report-testing';

const evidenceOf = (subjects: number): ReportInput => ({ ...inputOf([...rate('control', subjects, 10), ...rate('treatment', subjects, 20)]), offsets: { topic: { '0': String(subjects) } } });

/** A desk over evidence that the test changes, with what it reads and keeps. */
const open = () => {
  const world = { nowMs: 0, evidence: evidenceOf(100), reads: 0, kept: [] as string[], slow: Promise.resolve() };
  const desk = new ReportDesk({
    evidence: {
      input: async (id) => {
        world.reads += 1;
        const { evidence } = world;
        await world.slow;
        if (id !== 'exp') throw new DomainError('experiment-not-found');
        return evidence;
      },
    },
    reports: {
      keep: (results) => {
        const document = JSON.stringify(results);
        world.kept.push(document);
        return Promise.resolve(document);
      },
    },
    nowMs: () => world.nowMs,
  });
  const subjects = async (query = {}): Promise<number> => (JSON.parse(await desk.answer('exp', query)) as ExperimentResults).variants[0]!.sampleSize;
  return { world, desk, subjects };
};
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the desk of reports', () => {
  it('reads the evidence once for all who ask at the same time', async () => {
    const { world, subjects } = open();
    expect(await Promise.all([subjects(), subjects(), subjects()])).toEqual([100, 100, 100]);
    expect([world.reads, world.kept.length]).toEqual([1, 1]);
  });

  it('tells questions apart', async () => {
    const { world, subjects } = open();
    await Promise.all([subjects(), subjects({ method: 'fixed' }), subjects({ startDate: '2026-03-01', endDate: '2026-03-01' }), subjects({ startDate: '2026-03-02' })]);
    expect(world.reads).toBe(4);
  });

  it('answers nothing that is older than half a second', async () => {
    const { world, subjects } = open();
    await subjects();
    world.evidence = evidenceOf(200);
    world.nowMs = FRESH_MS;
    expect(await subjects()).toBe(100);
    world.nowMs = 2 * FRESH_MS + 1;
    world.evidence = evidenceOf(300);
    expect(await subjects()).toBe(300);
  });

  it('renews beside what is asked for again and again, so that nobody waits', async () => {
    const { world, subjects } = open();
    await subjects();
    world.evidence = evidenceOf(200);
    for (world.nowMs = 0; world.nowMs < FRESH_MS; world.nowMs += 100) {
      expect([100, 200]).toContain(await subjects());
      await settled();
    }
    expect(await subjects()).toBe(200);
    expect(world.reads).toBe(2);
  });

  it('never answers with what has been read before, however long the reading took', async () => {
    const { world, subjects } = open();
    let done = (): void => undefined;
    world.slow = new Promise((resolve) => (done = resolve));
    const first = subjects();
    world.evidence = evidenceOf(200);
    world.nowMs = FRESH_MS + 1;
    done();
    expect([await first, await subjects()]).toEqual([100, 200]);
  });

  it('answers evidence that has not changed with its newest offsets and under the same name', async () => {
    const { world, desk } = open();
    const first = JSON.parse(await desk.answer('exp', {})) as ExperimentResults;
    world.evidence = { ...world.evidence, offsets: { topic: { '0': '101' } } };
    world.nowMs = FRESH_MS + 1;
    const second = JSON.parse(await desk.answer('exp', {})) as ExperimentResults;
    expect(second).toEqual({ ...first, coverage: { ...first.coverage, offsets: { topic: { '0': '101' } } } });
  });

  it('joins no reading that began too long ago, and holds what was read last', async () => {
    const { world, subjects } = open();
    let done = (): void => undefined;
    world.slow = new Promise((resolve) => (done = resolve));
    const slow = subjects();
    world.nowMs = FRESH_MS + 1;
    [world.evidence, world.slow] = [evidenceOf(200), Promise.resolve()];
    expect(await subjects()).toBe(200);
    done();
    expect([await slow, await subjects(), world.reads]).toEqual([100, 200, 2]);
  });

  it('holds no failure, and lets the next one who asks hear of it', async () => {
    const { world, desk, subjects } = open();
    await expect(desk.answer('other', {})).rejects.toMatchObject({ code: 'experiment-not-found' });
    await expect(desk.answer('exp', { startDate: 'soon' })).rejects.toMatchObject({ code: 'validation' });
    await subjects();
    world.slow = Promise.reject(new Error('the database is away'));
    world.nowMs = FRESH_MS;
    expect(await subjects()).toBe(100);
    await settled();
    world.nowMs = FRESH_MS + 1;
    await expect(subjects()).rejects.toThrow('away');
    world.slow = Promise.resolve();
    expect(await subjects()).toBe(100);
  });
});

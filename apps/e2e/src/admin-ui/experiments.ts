import type { Experiment, ExperimentResults } from '@pataka/contracts';
import type { Locator, Page } from 'playwright-core';
import type { Desk, Look } from '../harness/desk';
import { type Behaviour, type Cohort, FleetTraffic } from '../harness/fleet-traffic';
import { until } from '../harness/waiting';
import { type Words, wordsOf } from '../harness/words';
import { type Planned, Wizard } from './wizard';

type Running = Experiment & { results?: ExperimentResults } & Record<string, unknown>;

const DAY = 86_400_000;
const WEEK = 7 * DAY;
/** A thousand subjects a variant is the least that decides; two weeks bring them. */
const ARM = 500;

/** A Monday at ten in India, five weeks ago: both stories go by the clock of rollouts, and neither may get ahead of the real one. */
export const START = (() => {
  const day = Math.floor((Date.now() - 5 * WEEK) / DAY);
  return (day - ((day + 3) % 7)) * DAY + 4.5 * 3_600_000;
})();

const waves = ['north', 'north', 'west', 'west', ...Array.from({ length: 7 }, () => 'south')];

const scoring: Planned = {
  name: 'Hindi Driver Scoring Algorithm V2', hypothesis: 'ML-based scoring with Hindi feedback improves Indian driver retention by 20%', type: 'AB_TEST', valueType: 'JSON',
  variants: [
    { id: 'control', name: 'Rule-based scoring, English only', value: '{"algorithm": "rule_based", "feedbackLanguages": ["en"]}' },
    { id: 'ml_v2_hindi', name: 'ML-based scoring with Hindi and regional feedback', value: '{"algorithm": "ml_v2", "feedbackLanguages": ["hi", "mr", "ta", "te"]}' },
  ],
  audience: [
    { attribute: 'role', operator: 'equals', value: 'driver' }, { attribute: 'fleet_size', value: '20' },
    { attribute: 'region', value: ['mumbai', 'delhi', 'bangalore', 'pune', 'chennai', 'hyderabad'] }, { attribute: 'language', value: ['hi', 'mr', 'ta', 'te'] },
  ],
  success: ['driver_retention', 'driver_satisfaction', 'driver_score', 'language_engagement'], safety: [],
  steps: waves.map((region, index) => ({ percentage: String(Math.min(100, 5 + 10 * index)), region })),
  needed: [
    { metric: 'driver_retention', of: 'level', side: 'atLeast', value: '0.9' }, { metric: 'driver_satisfaction', of: 'level', side: 'atLeast', value: '4.5' },
    { metric: 'driver_score', of: 'ratio', side: 'atLeast', value: '1.15' }, { metric: 'language_engagement', of: 'level', side: 'atLeast', value: '0.8' },
  ],
  rollsBack: [{ metric: 'driver_retention', of: 'level', side: 'atLeast', value: '0.8' }],
  plan: { baseline: '80', effect: '5', daily: '4000' },
};

const routing: Planned = {
  name: 'AI Route Optimization', hypothesis: 'AI routing reduces fuel consumption by 12%', type: 'MULTIVARIATE', valueType: 'STRING',
  variants: [
    { id: 'control', name: 'Basic shortest path', value: 'basic' }, { id: 'traffic_aware', name: 'Traffic-aware routing', value: 'traffic_aware' },
    { id: 'ai_advanced', name: 'AI-powered optimization', value: 'ai_advanced' }, { id: 'hybrid', name: 'Hybrid approach', value: 'hybrid' },
  ],
  audience: [{ attribute: 'role', operator: 'equals', value: 'fleet_manager' }, { attribute: 'fleet_size', value: '20' }, { attribute: 'route_type', operator: 'equals', value: 'long_distance' }],
  bucketBy: 'fleet_id', layer: 'routing',
  success: ['fuel_km_per_l', 'customer_satisfaction'], safety: ['accidents'], newMetric: { name: 'Minutes a trip of 100 km', key: 'trip_minutes', unit: 'min' },
  steps: ['15', '30', '50', '75'].map((percentage) => ({ percentage })),
  needed: [
    { metric: 'fuel_km_per_l', of: 'ratio', side: 'atLeast', value: '1.1' }, { metric: 'trip_minutes', of: 'ratio', side: 'atMost', value: '0.92' }, { metric: 'customer_satisfaction', of: 'level', side: 'atLeast', value: '4' },
  ],
  rollsBack: [],
  plan: { baseline: '50', effect: '10', daily: '1500' },
};

const driver = (treatment: boolean): Behaviour => ({
  driver_retention: { share: treatment ? 0.96 : 0.8 }, driver_satisfaction: { mean: 4.7 }, driver_score: { mean: treatment ? 72 : 60 }, ...(treatment ? { language_engagement: { share: 0.9 } } : {}),
});
const fuel: Record<string, number> = { control: 4, traffic_aware: 4.1, ai_advanced: 4.6, hybrid: 4.3 };

/** What really happens: 20% more drivers stay; AI routing gets 15% further on a litre. What the application says is held against this. */
const drivers: Cohort[] = ['control', 'ml_v2_hindi'].map((variant, index) => ({ variant, subjects: ARM, does: driver(index === 1) }));
const routes: Cohort[] = Object.entries(fuel).map(([variant, mean]) => ({
  variant, subjects: ARM, does: { fuel_km_per_l: { mean }, trip_minutes: { mean: variant === 'ai_advanced' ? 90 : 100 }, customer_satisfaction: { mean: 4.3 }, accidents: { share: 0.01 } },
}));

/** A manager, their language and screen, the experiment they run, and how it is. */
interface Story { planned: Planned; key: string; look: Look; cohorts: readonly Cohort[]; winner: string; effect: string; steps: readonly string[]; served: unknown; context: Record<string, unknown> }

const stories: readonly Story[] = [
  {
    planned: scoring, key: 'hindi_driver_scoring_algorithm_v2', look: { as: 'fleet_manager', locale: 'en' }, cohorts: drivers, winner: 'ml_v2_hindi', effect: '+20%', steps: ['5', '15', '25'],
    served: { algorithm: 'ml_v2', feedbackLanguages: ['hi', 'mr', 'ta', 'te'] }, context: { targetingKey: 'driver-of-nobody' },
  },
  {
    planned: routing, key: 'ai_route_optimization', look: { as: 'fleet_manager', locale: 'hi', phone: true, dark: true }, cohorts: routes, winner: 'ai_advanced', effect: '+15%', steps: ['15', '30', '50'],
    served: 'ai_advanced', context: { targetingKey: 'fleet-of-nobody', fleet_id: 'fleet-of-nobody' },
  },
];

/** One manager with one experiment on the screen. */
class Manager {
  readonly say: Words;
  readonly #name: string;
  #page: Page | null = null;
  #traffic: FleetTraffic | null = null;

  constructor(private readonly desk: Desk, readonly story: Story) {
    this.say = wordsOf(story.look.locale ?? 'en');
    this.#name = `story-${story.look.phone === true ? 'phone-dark-hi' : 'desktop-en'}`;
  }

  get page(): Page { return this.#page!; }
  find(): Promise<Running> { return this.desk.pataka.admin.get<Running>(`/api/experiments/${this.story.key}`); }
  shoot(what: string): Promise<void> { return this.desk.shoot(this.page, `${this.#name}-${what}`); }
  part(id: string): Locator { return this.page.getByRole('region', { name: this.say(id) }); }

  /** Does something with the experiment by its button, after reading what will come of it. */
  async act(action: string, meanwhile: (dialog: Locator) => Promise<void> = async () => undefined): Promise<void> {
    await this.page.getByRole('button', { name: this.say(`experiments.action.${action}.name`), exact: true }).click();
    const dialog = this.page.getByRole('alertdialog');
    await meanwhile(dialog);
    await this.shoot(`asks-${action}`);
    await dialog.getByRole('button', { name: this.say(`experiments.action.${action}.confirm`), exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
  }

  async hasStatus(status: string): Promise<void> {
    await this.page.locator('.page-head').getByText(this.say(`experiments.status.${status}`), { exact: true }).waitFor();
  }

  async tab(tab: string): Promise<void> {
    await this.page.getByRole('navigation', { name: this.say('experiments.tabs') }).getByRole('link', { name: this.say(`experiments.tab.${tab}`), exact: true }).click();
  }

  /** Through the wizard to a draft, and from there to a start. */
  async begin(): Promise<void> {
    this.#page = await this.desk.open('/experiments', this.story.look);
    await this.page.getByRole('link', { name: this.say('experiments.new') }).first().click();
    await this.page.getByRole('heading', { level: 1, name: this.say('experiments.new') }).waitFor();
    await new Wizard(this.page, this.say, (step) => this.shoot(`wizard-${step}`)).make(this.story.planned);
    const { id } = await until('its flag is there', async () => { const found = await this.find(); return found.linked && found; });
    this.#traffic = new FleetTraffic(this.desk.pataka.server, id);
    await this.act('start', (dialog) => dialog.getByText(this.story.key).first().waitFor());
    await this.hasStatus('ACTIVE');
    // From here on nothing is loaded anew: what changes on the screen has come by itself.
    await this.page.evaluate('globalThis.notReloaded = true');
  }

  /** Subjects of every variant as they stand on the screen. */
  async sees(subjects: number): Promise<void> {
    const text = new Intl.NumberFormat('en-IN').format(subjects);
    await this.part('experiments.samples').locator('.numeric').getByText(new RegExp(`(^|[^\\d,])${text}([^\\d,]|$)`)).nth(this.story.cohorts.length - 1).waitFor();
  }

  /** A week of real subjects, while the manager looks on. */
  async week(number: number): Promise<void> {
    await this.tab('results');
    if (number > 0) await this.sees(number * ARM);
    await this.#traffic!.send(this.story.cohorts, START + number * WEEK + 6 * DAY);
    await this.sees((number + 1) * ARM);
    await until(`the evidence of week ${number}`, async () => this.#traffic!.isIn((await this.find()).results));
  }

  /** The step that the clock has brought, on the screen. */
  async reaches(step: number): Promise<void> {
    await this.tab('rollout');
    await this.page.locator('.tile .figure').first().getByText(`${this.story.steps[step]!}%`, { exact: true }).waitFor();
  }

  async pauseAndResume(): Promise<void> {
    await this.act('pause');
    await this.hasStatus('PAUSED');
    await this.act('resume');
    await this.hasStatus('ACTIVE');
  }

  /** The report as it has to read, every part of it. */
  async reads(): Promise<void> {
    const { winner, effect, planned } = this.story;
    const name = planned.variants.find(({ id }) => id === winner)!.name;
    await this.tab('results');
    const verdict = this.part('experiments.verdictTitle');
    await verdict.getByText(this.say('experiments.verdict.ship'), { exact: true }).waitFor();
    await verdict.getByText(name).first().waitFor();
    const plot = this.part('experiments.effects');
    await plot.getByText(effect, { exact: true }).first().waitFor();
    await plot.getByRole('img', { name: new RegExp(`^${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}: `) }).first().waitFor();
    await this.part('experiments.overTime').getByRole('img').nth(2).waitFor();
    expect(await this.page.getByText(this.say('experiments.srm.title')).count()).toBe(0);
    await this.shoot('results');
  }

  /** Rollout, set-up and history, for the pictures and for what they have to say. */
  async looksAround(): Promise<void> {
    await this.tab('rollout');
    await this.part('experiments.decisions').getByText(this.say('experiments.decision.advance'), { exact: true }).nth(1).waitFor();
    await this.shoot('rollout');
    await this.tab('setup');
    await this.page.getByText(this.story.planned.audience[0]!.attribute, { exact: true }).first().waitFor();
    await this.shoot('setup');
    await this.tab('history');
    await this.page.getByText(this.say('experiments.event.resumed'), { exact: true }).waitFor();
    await this.shoot('history');
    const overview = await this.desk.open('/dashboard', this.story.look);
    await overview.getByRole('article', { name: this.story.planned.name }).getByText(this.story.planned.variants[1]!.name).waitFor();
    await this.desk.shoot(overview, `${this.#name}-dashboard`);
  }

  /** Ends it with the variant that the report names, which the flag then serves to everyone. */
  async complete(): Promise<void> {
    const { winner, served, context, key } = this.story;
    await this.act('complete', async (dialog) => {
      await dialog.getByText(key).first().waitFor();
      expect(await dialog.getByLabel(this.say('experiments.action.complete.winner')).inputValue()).toBe(winner);
      expect(await dialog.getByText(this.say('experiments.action.complete.unproven')).count()).toBe(0);
    });
    await this.hasStatus('COMPLETED');
    await until('the winner is served to everyone', async () => {
      const { value } = await this.desk.pataka.server.ask<{ value: unknown }>('POST', `/ofrep/v1/evaluate/flags/${key}`, { body: { context } });
      return JSON.stringify(value) === JSON.stringify(served);
    });
    expect(await this.page.evaluate('globalThis.notReloaded')).toBe(true);
    await this.tab('results');
    await this.shoot('completed');
  }
}

/** The two examples of a fleet, from an empty wizard to a flag that serves the winner: two managers at once, by one clock. */
export const experimentStories = (desk: Desk): void => {
  it('lets two managers make, run, watch and complete both examples, in English on a desktop and in Hindi on a phone', async () => {
    const managers = stories.map((story) => new Manager(desk, story));
    const all = (step: (manager: Manager) => Promise<void>): Promise<unknown> => Promise.all(managers.map(step));
    await all((manager) => manager.begin());
    await all((manager) => manager.week(0));
    await all((manager) => manager.pauseAndResume());
    desk.setClock(START + WEEK + 60_000);
    await all((manager) => manager.reaches(1));
    await all((manager) => manager.week(1));
    desk.setClock(START + 2 * WEEK + 60_000);
    await all((manager) => manager.reaches(2));
    await all((manager) => manager.reads());
    await all((manager) => manager.looksAround());
    await all((manager) => manager.complete());
  }, 240_000);

  it('starts what cannot find an answer only when told to in spite of that, rolls back, clones, and archives', async () => {
    const say = wordsOf('en');
    const variants = [{ id: 'control', weight: 0.5, config: 'old', isControl: true }, { id: 'treatment', weight: 0.5, config: 'new' }];
    await desk.pataka.admin.post('/api/experiments', { key: 'toll_hints', name: 'Toll hints', type: 'AB_TEST', variants, successMetrics: ['driver_retention'], strategy: { type: 'FIXED' }, plan: { baseline: 0.8, minimumEffect: 0.01, dailySubjects: 1, horizonDays: 1 } });
    const page = await desk.open('/experiments/toll_hints', { as: 'fleet_manager' });
    const dialog = page.getByRole('alertdialog');
    const act = (action: string): Promise<void> => page.getByRole('button', { name: say(`experiments.action.${action}.name`), exact: true }).click();
    const confirm = (action: string): Promise<void> => dialog.getByRole('button', { name: say(`experiments.action.${action}.confirm`), exact: true }).click();
    const has = (id: string): Promise<void> => page.locator('.page-head').getByText(say(id), { exact: true }).waitFor();
    await until('its flag is there', async () => (await desk.pataka.admin.get<Running>('/api/experiments/toll_hints')).linked);
    await act('start');
    await confirm('start');
    await dialog.getByLabel(say('experiments.action.start.force')).check();
    await desk.shoot(page, 'experiment-not-ready');
    await confirm('start');
    await has('experiments.status.ACTIVE');
    await act('rollback');
    await dialog.getByText(say('experiments.action.rollback.consequence', { environment: 'production' })).waitFor();
    await confirm('rollback');
    await has('experiments.outcome.rolledBack');
    await act('clone');
    await confirm('clone');
    await has('experiments.status.DRAFT');
    expect(new URL(page.url()).pathname).toBe('/experiments/toll_hints_2');
    await act('archive');
    await confirm('archive');
    await has('experiments.status.ARCHIVED');
  });
};

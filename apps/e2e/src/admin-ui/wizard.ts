import type { Locator, Page } from 'playwright-core';
import type { Words } from '../harness/words';

export interface PlannedVariant { id: string; name: string; value: string }
/** How a condition's value is entered: typed, typed one by one, or chosen from a list. */
export interface PlannedCondition { attribute: string; operator?: string; value: string | readonly string[] }
export interface PlannedThreshold { metric: string; of: 'level' | 'difference' | 'ratio'; side: 'atLeast' | 'atMost'; value: string }

/** An experiment as somebody would write it down before opening the wizard. */
export interface Planned {
  name: string; hypothesis: string; type: 'AB_TEST' | 'MULTIVARIATE'; valueType: 'STRING' | 'JSON'; variants: readonly PlannedVariant[];
  audience: readonly PlannedCondition[]; bucketBy?: string; layer?: string;
  success: readonly string[]; safety: readonly string[]; newMetric?: { name: string; key: string; unit: string };
  steps: readonly { percentage: string; region?: string }[]; needed: readonly PlannedThreshold[]; rollsBack: readonly PlannedThreshold[];
  plan: { baseline: string; effect: string; daily: string };
}

/** The wizard as a person goes through it, in their language. */
export class Wizard {
  constructor(private readonly page: Page, private readonly say: Words, private readonly look: (step: string) => Promise<void>) {}

  #field(id: string): Locator {
    return this.page.getByLabel(this.say(id), { exact: true });
  }

  async #next(step: string): Promise<void> {
    await this.look(step);
    await this.page.getByRole('button', { name: this.say('experiments.next'), exact: true }).click();
  }

  /** Values one by one into a field that holds several. */
  async #tokens(field: Locator, values: readonly string[]): Promise<void> {
    for (const value of values) {
      await field.fill(value);
      await field.press('ArrowDown');
      await field.press('Enter');
    }
    await field.press('Escape');
  }

  async question({ name, hypothesis, type }: Planned): Promise<void> {
    await this.#field('common.name').fill(name);
    await this.#field('experiments.hypothesis').fill(hypothesis);
    await this.#field('experiments.column.type').selectOption(type);
    await this.#next('question');
  }

  async variants({ valueType, variants }: Planned): Promise<void> {
    await this.#field('experiments.valueType').selectOption(valueType);
    for (let more = variants.length - 2; more > 0; more -= 1) await this.page.getByRole('button', { name: this.say('experiments.addVariant') }).click();
    for (const [index, { id, name, value }] of variants.entries()) {
      const row = this.page.locator('.variant-row').nth(index);
      await row.getByLabel(this.say('experiments.variantId'), { exact: true }).fill(id);
      await row.getByLabel(this.say('common.name'), { exact: true }).fill(name);
      await row.getByLabel(this.say('experiments.served'), { exact: true }).fill(value);
    }
    await this.#next('variants');
  }

  async #condition({ attribute, operator, value }: PlannedCondition, index: number): Promise<void> {
    await this.page.getByRole('button', { name: this.say('targeting.condition.add'), exact: true }).click();
    const row = this.page.locator('.condition').nth(index);
    const named = row.getByRole('combobox', { name: this.say('targeting.condition.attribute') });
    await named.fill(attribute);
    await named.press('Escape');
    if (operator !== undefined) await row.getByLabel(this.say('targeting.condition.operator'), { exact: true }).selectOption(operator);
    const field = row.getByLabel(this.say('targeting.value.of', { attribute }), { exact: true });
    if (typeof value === 'string') await field.fill(value);
    else await this.#tokens(field, value);
  }

  async audience({ audience, bucketBy, layer }: Planned): Promise<void> {
    for (const [index, condition] of audience.entries()) await this.#condition(condition, index);
    if (bucketBy !== undefined) await this.page.getByLabel(this.say('experiments.bucketBy')).fill(bucketBy);
    if (layer !== undefined) await this.page.getByLabel(this.say('experiments.layer')).first().fill(layer);
    await this.#next('audience');
  }

  async metrics({ success, safety, newMetric }: Planned): Promise<void> {
    await this.#tokens(this.page.getByRole('combobox', { name: this.say('experiments.success') }), success);
    await this.#tokens(this.page.getByRole('combobox', { name: this.say('experiments.safety') }), safety);
    if (newMetric !== undefined) {
      await this.page.getByRole('button', { name: this.say('experiments.newMetricFor.success') }).click();
      const dialog = this.page.getByRole('dialog');
      await dialog.getByLabel(this.say('common.name'), { exact: true }).fill(newMetric.name);
      await dialog.getByLabel(this.say('experiments.metricKey')).fill(newMetric.key);
      await dialog.getByLabel(this.say('experiments.metricType')).selectOption('mean');
      await dialog.getByLabel(this.say('experiments.direction')).selectOption('decrease');
      await dialog.getByLabel(this.say('experiments.metricUnit')).fill(newMetric.unit);
      await dialog.getByRole('button', { name: this.say('experiments.addMetric'), exact: true }).click();
    }
    await this.#next('metrics');
  }

  async #thresholds(list: 'successThresholds' | 'failureThresholds', thresholds: readonly PlannedThreshold[]): Promise<void> {
    const part = this.page.getByRole('group', { name: this.say(`experiments.${list}`) });
    for (const [index, { metric, of, side, value }] of thresholds.entries()) {
      await part.getByRole('button', { name: this.say('experiments.addThreshold') }).click();
      const row = part.locator('.threshold-row').nth(index);
      const named = row.getByRole('combobox').first();
      await named.fill(metric);
      await named.press('Escape');
      await row.getByLabel(this.say('experiments.measureLabel'), { exact: true }).selectOption(of);
      await row.getByLabel(this.say('experiments.goodSide'), { exact: true }).selectOption(side);
      await row.getByLabel(this.say('experiments.column.value'), { exact: true }).fill(value);
    }
  }

  async rollout({ steps, needed, rollsBack }: Planned): Promise<void> {
    await this.#field('experiments.strategy').selectOption('GRADUAL');
    await this.page.getByRole('radio', { name: this.say('experiments.stepsList'), exact: true }).check();
    // The list begins with four steps.
    for (let more = 4; more < steps.length; more += 1) await this.page.getByRole('button', { name: this.say('experiments.addStep') }).click();
    for (const [index, { percentage, region }] of steps.entries()) {
      const step = { step: index + 1 };
      await this.page.getByLabel(this.say('experiments.percentOf', step), { exact: true }).fill(percentage);
      if (region !== undefined) await this.#tokens(this.page.getByRole('combobox', { name: this.say('experiments.regionsOf', step), exact: true }), [region]);
    }
    await this.#thresholds('successThresholds', needed);
    await this.#thresholds('failureThresholds', rollsBack);
    await this.page.locator('figure.chart svg').waitFor();
    await this.#next('rollout');
  }

  async review({ plan }: Planned): Promise<void> {
    await this.#field('experiments.baseline').fill(plan.baseline);
    await this.#field('experiments.minimumEffect').fill(plan.effect);
    await this.#field('experiments.daily').fill(plan.daily);
    await this.page.getByText(this.say('experiments.check.valid')).waitFor();
    await this.look('review');
  }

  /** From the first field to the draft. */
  async make(planned: Planned): Promise<void> {
    await this.question(planned);
    await this.variants(planned);
    await this.audience(planned);
    await this.metrics(planned);
    await this.rollout(planned);
    await this.review(planned);
    await this.page.getByRole('button', { name: this.say('experiments.create') }).click();
    await this.page.getByRole('heading', { level: 1, name: planned.name }).waitFor();
  }
}

import { existsSync, readFileSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { build } from './harness/build';
import { PatakaProcess } from './harness/pataka-process';
import { until } from './harness/waiting';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));
const PASSWORD = 'monsoon lantern seven';
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

// With CI=true nothing is left out: then a missing browser fails.
const describeInBrowser = CHROMIUM === undefined && process.env['CI'] !== 'true' ? describe.skip : describe;

describeInBrowser('a member in a browser', () => {
  let pataka: PatakaProcess;
  let browser: Browser;
  const contextFor = async (locale: string, phone = false): Promise<BrowserContext> => {
    const context = await browser.newContext({ locale, timezoneId: 'Asia/Kolkata', viewport: phone ? { width: 360, height: 740 } : { width: 1280, height: 860 }, bypassCSP: true });
    context.setDefaultTimeout(20_000);
    return context;
  };
  const faultsOf = async (page: Page): Promise<string[]> => {
    await page.addScriptTag({ content: axe });
    return page.evaluate(async () => {
      const { violations } = await (globalThis as unknown as { axe: { run(target: unknown, options: object): Promise<{ violations: { id: string; nodes: { target: string[] }[] }[] }> } }).axe
        // React Aria's announcer names its images by what was focused, which may be gone.
        .run({ exclude: ['[data-live-announcer]'] }, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] });
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
    });
  };

  beforeAll(async () => {
    build();
    pataka = await PatakaProcess.start();
    browser = await chromium.launch({ executablePath: CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await pataka?.dispose();
  }, 60_000);

  it('becomes the first administrator with the token of the first start, and makes an experiment that runs', async () => {
    const page = await (await contextFor('en-IN')).newPage();
    await page.goto(`${pataka.url}/experiments`);
    await page.getByLabel('Admin token').fill(pataka.tokens.admin);
    await page.getByLabel('Your name').fill('Asha Kulkarni');
    await page.getByLabel('E-mail address').fill('asha@fleetflow.in');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    expect(await faultsOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'Make my account' }).click();
    await page.getByRole('link', { name: 'New experiment' }).first().click();
    await page.getByLabel('Name', { exact: true }).fill('AI Route Optimization');
    await page.getByLabel('Hypothesis').fill('AI routing reduces fuel consumption by 12%');
    await page.getByRole('button', { name: 'Metrics', exact: false }).first().click();
    await page.getByRole('combobox', { name: 'Success metrics' }).fill('fuel_saved');
    await page.getByRole('combobox', { name: 'Success metrics' }).press('Enter');
    await page.getByRole('button', { name: 'Check' }).click();
    await page.getByText('The server takes it as it is').waitFor();
    expect(await faultsOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'Create the experiment' }).click();
    await page.getByRole('heading', { name: 'AI Route Optimization' }).waitFor();
    await until('its flag is there', async () => (await pataka.admin.get<{ linked: boolean }>('/api/experiments/ai_route_optimization')).linked);
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByLabel('Start although the power estimate says no').check();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Start' }).click();
    await page.getByText('Running', { exact: true }).first().waitFor();
    const made = await pataka.admin.get<{ status: string; createdBy: string }>('/api/experiments/ai_route_optimization');
    expect([made.status, made.createdBy.startsWith('mem_')]).toEqual(['ACTIVE', true]);
    await page.getByRole('button', { name: 'Complete', exact: true }).click();
    await page.getByLabel('Winner').selectOption('treatment');
    await page.getByRole('alertdialog').getByRole('button', { name: 'Complete' }).click();
    await page.getByText('Completed', { exact: true }).first().waitFor();
  }, 120_000);

  it.each([['hi-IN', true], ['en-IN', false]])('who may look is offered nothing else, in %s', async (locale, phone) => {
    const email = `viewer-${locale}@fleetflow.in`;
    await pataka.admin.post('/api/members', { email, name: 'Ravi', role: 'viewer', password: PASSWORD });
    const page = await (await contextFor(locale, phone)).newPage();
    await page.goto(`${pataka.url}/sign-in?to=%2Fexperiments`);
    await page.locator('input[type=email]').fill(email);
    await page.locator('input[autocomplete=current-password]').fill(PASSWORD);
    await page.locator('button[type=submit]').first().click();
    await page.locator('main h1').waitFor();
    for (const path of ['/experiments', '/experiments?view=board', '/experiments/ai_route_optimization', '/experiments/ai_route_optimization?tab=rollout', '/dashboard', '/live', '/live?view=then', '/profile']) {
      await page.goto(`${pataka.url}${path}`);
      await page.locator('main h1').waitFor();
      expect([path, await faultsOf(page)]).toEqual([path, []]);
      expect(await page.locator('a[href="/experiments/new"], button.danger:has-text("Roll back")').count()).toBe(0);
      expect(await page.evaluate(() => { const { documentElement } = (globalThis as unknown as { document: { documentElement: { scrollWidth: number; clientWidth: number } } }).document; return documentElement.scrollWidth > documentElement.clientWidth + 1; })).toBe(false);
    }
  }, 120_000);
});

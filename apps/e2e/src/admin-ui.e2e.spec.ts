import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Flag } from '@pataka/contracts';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { build, root } from './harness/build';
import { PatakaProcess } from './harness/pataka-process';
import { countOf, until } from './harness/waiting';

const CHROMIUM = '/usr/bin/chromium';
/** Three pages of the list; PATAKA_UI_FLAGS asks for more. */
const MANY = countOf('PATAKA_UI_FLAGS', 500);
const MOST_ROWS = 60;
const BUDGET_BYTES = 250 * 1024;
const AXE = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const flags = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const there = existsSync(CHROMIUM);
if (!there && process.env['CI'] !== 'true') process.stderr.write(`admin-ui: left out, there is no ${CHROMIUM} (apt-get install chromium fonts-noto-core)\n`);

interface Look { locale?: 'en' | 'hi'; dark?: boolean; phone?: boolean; token?: string | null }

let pataka: PatakaProcess;
let browser: Browser;
const contexts: BrowserContext[] = [];
const complaints: string[] = [];

/** A tab of its own, signed in; what its console complains of fails the test. */
const open = async (path: string, { locale = 'en', dark = false, phone = false, token = pataka.tokens.admin }: Look = {}): Promise<Page> => {
  const context = await browser.newContext({ viewport: phone ? { width: 360, height: 740 } : { width: 1280, height: 850 }, hasTouch: phone, colorScheme: dark ? 'dark' : 'light', timezoneId: 'Asia/Kolkata' });
  contexts.push(context);
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(`${path}: ${error.message}`));
  page.on('console', (message) => { if (message.type() === 'error' && !/status of (401|412)/.test(message.text())) complaints.push(`${path}: ${message.text()}`); });
  await page.addInitScript({ content: `${token === null ? '' : `sessionStorage.setItem('pataka.token', ${JSON.stringify(token)});`}localStorage.setItem('pataka.locale', '${locale}');` });
  await page.goto(`${pataka.url}${path}`);
  await page.locator('h1').first().waitFor();
  return page;
};

const violations = async (page: Page): Promise<string[]> => {
  if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'));
  const { violations: found } = await page.evaluate<{ violations: { id: string; nodes: { target: string[] }[] }[] }>(`axe.run(document, { runOnly: ${JSON.stringify(AXE)} })`);
  return found.map(({ id, nodes }) => `${page.url()}: ${id} at ${nodes.slice(0, 3).map(({ target }) => target.join(' ')).join(', ')}`);
};

const flag = (key: string, more: Partial<Flag> = {}): Partial<Flag> => ({
  key, type: 'BOOLEAN', status: 'ACTIVE', defaultValue: false, environments: { production: { enabled: true, rules: [{ id: 'west', conditions: [{ attribute: 'region', operator: 'within', value: ['west'] }], percentage: 25, value: true }] } }, ...more,
});

(there || process.env['CI'] === 'true' ? describe : describe.skip)('the admin UI', () => {
  beforeAll(async () => {
    build();
    pataka = await PatakaProcess.start();
    browser = await chromium.launch({ executablePath: CHROMIUM, args: flags });
    await pataka.admin.post('/api/segments', { key: 'pilots', name: 'Pilots', included: ['driver-1'] });
    await pataka.admin.post('/api/calendars', { key: 'monsoon', name: 'Monsoon', timezone: 'Asia/Kolkata', periods: [{ from: '2027-06-01', until: '2027-09-30', regions: ['kerala'] }] });
    await pataka.admin.post('/api/metrics', { key: 'retention', name: 'Retention' });
    await pataka.admin.post('/api/flags', flag('upi_autopay', { name: 'UPI Autopay' }));
  }, 300_000);
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
    expect(complaints.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await pataka?.dispose();
  });

  it('asks who one is, and leads back to where one wanted to go', async () => {
    const page = await open('/segments', { token: null });
    expect(new URL(page.url()).pathname).toBe('/sign-in');
  });

  it('loads the list of flags with less than 250 KB of compressed script', async () => {
    const page = await open('/flags');
    await page.getByRole('link', { name: 'UPI Autopay' }).waitFor();
    const scripts = await page.evaluate<string[]>("performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => name.endsWith('.js'))");
    const bytes = scripts.map((name) => gzipSync(readFileSync(join(root, 'apps/admin-ui/dist', new URL(name).pathname))).length).reduce((sum, size) => sum + size, 0);
    process.stderr.write(`admin-ui: ${scripts.length} scripts, ${(bytes / 1024).toFixed(0)} KB compressed\n`);
    expect(bytes).toBeLessThan(BUDGET_BYTES);
  });

  it('makes a flag, targets it, tries it on somebody, shows what changes, and saves it', async () => {
    const page = await open('/flags/new');
    await page.getByLabel('Name').fill('Fuel hints');
    await page.getByRole('button', { name: 'Make flag' }).click();
    await page.getByRole('heading', { level: 1, name: 'Fuel hints' }).waitFor();
    await page.getByRole('button', { name: 'Add rule' }).click();
    await page.getByRole('button', { name: 'Condition' }).click();
    await page.getByRole('combobox', { name: 'Attribute' }).fill('region');
    await page.getByRole('button', { name: 'Tree' }).click();
    await page.getByRole('checkbox', { name: /^West India/ }).check();
    await page.getByRole('button', { name: 'Take 1 region' }).click();
    await page.getByText('They get').locator('..').getByText('false').waitFor();
    await page.getByRole('button', { name: 'Review and save' }).click();
    const review = page.getByRole('dialog');
    await review.getByRole('region', { name: 'What changes' }).getByText('"west"').waitFor();
    await review.getByLabel('Reason').fill('for the west');
    await review.getByRole('button', { name: 'Save' }).click();
    const saved = await until('the rule is saved', async () => {
      const found = await pataka.admin.ask<Flag>('GET', '/api/flags/fuel_hints');
      return (found.environments['production']?.rules.length ?? 0) > 0 ? found : null;
    });
    expect(saved.environments['production']!.rules).toEqual([{ id: 'rule-1', conditions: [{ attribute: 'region', operator: 'within', value: ['west'] }], value: true }]);
    await page.getByRole('link', { name: 'History' }).click();
    await page.getByText('for the west').waitFor();
  });

  it('shows both versions when somebody else saved first, and saves what is chosen', async () => {
    const page = await open('/flags/upi_autopay');
    await page.getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('textbox', { name: 'Percentage' }).fill('60');
    await page.getByRole('button', { name: 'Review and save' }).click();
    const now = await pataka.admin.ask<Flag>('GET', '/api/flags/upi_autopay');
    const theirs = { enabled: true, rules: [{ ...now.environments['production']!.rules[0]!, percentage: 5 }] };
    await pataka.admin.ask('PUT', '/api/flags/upi_autopay/environments/production', { body: theirs, headers: { 'if-match': `"${now.version}"` } });
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Save', exact: true }).click();
    await dialog.getByRole('region', { name: 'Their change' }).getByText('"percentage": 5').waitFor();
    await dialog.getByRole('region', { name: 'Your change' }).getByText('"percentage": 60').waitFor();
    await dialog.getByRole('button', { name: 'Save mine over theirs' }).click();
    await until('mine is saved', async () => (await pataka.admin.ask<Flag>('GET', '/api/flags/upi_autopay')).environments['production']!.rules[0]!.percentage === 60);
  });

  it('does by keyboard what it does by mouse: finds a flag and turns it off', async () => {
    const page = await open('/flags');
    await page.getByRole('link', { name: 'UPI Autopay' }).waitFor();
    await page.keyboard.press('Control+K');
    await page.getByRole('dialog').getByRole('combobox').and(page.locator(':focus')).waitFor();
    await page.keyboard.type('upi auto');
    // At once: Enter runs what was typed, not what the list showed a letter ago.
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'UPI Autopay' }).waitFor();
    await page.getByRole('switch', { name: 'UPI Autopay in production' }).focus();
    await page.keyboard.press('Space');
    await page.getByRole('alertdialog').getByRole('button', { name: 'Turn off' }).focus();
    await page.keyboard.press('Enter');
    await until('it is off', async () => !(await pataka.admin.ask<Flag>('GET', '/api/flags/upi_autopay')).environments['production']!.enabled);
  });

  it('opens the side bar on a phone, and from it the settings, and gives the focus back', async () => {
    const page = await open('/flags', { phone: true });
    const opener = page.getByRole('button', { name: 'Open the menu' });
    await opener.click();
    await page.getByRole('dialog').getByRole('link', { name: 'Segments' }).waitFor();
    await page.getByRole('button', { name: /^Settings/ }).click();
    await page.getByLabel('Language').selectOption('hi');
    await page.locator('html[lang=hi]').waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByLabel('भाषा').selectOption('en');
    await page.keyboard.press('Escape');
    await page.getByLabel('Language').waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    await opener.and(page.locator(':focus')).waitFor();
  });

  it('shows a key once, and what somebody else changes without a reload', async () => {
    const page = await open('/keys');
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByLabel('Name').fill('driver app');
    await page.getByRole('button', { name: 'Create' }).click();
    const token = await page.getByRole('alertdialog').locator('code').innerText();
    expect((await pataka.admin.as(token).send('GET', '/api/session')).status).toBe(200);
    await page.getByRole('button', { name: 'I have kept it' }).click();
    await pataka.admin.post('/api/keys', { name: 'made elsewhere', kind: 'server', environment: 'production' });
    await page.getByText('made elsewhere').waitFor();
  });

  it('offers a viewer nothing that the server would refuse', async () => {
    const { token } = await pataka.admin.post<{ token: string }>('/api/keys', { name: 'looks', kind: 'management', role: 'viewer' });
    const page = await until('the key is known everywhere', async () => ((await pataka.admin.as(token).send('GET', '/api/metrics')).status === 200 ? open('/flags/upi_autopay', { token }) : null));
    await page.getByText('Your role may look, but not change').waitFor();
    expect(await page.getByRole('button', { name: 'Add rule' }).count()).toBe(0);
    expect(await page.getByRole('switch').first().isDisabled()).toBe(true);
    expect(await page.getByRole('link', { name: 'Keys' }).count()).toBe(0);
  });

  const pages = [
    '/flags', '/flags/new', '/flags/upi_autopay', '/flags/upi_autopay?tab=values', '/flags/upi_autopay?tab=history', '/flags/upi_autopay?tab=usage', '/segments', '/segments/pilots', '/regions', '/calendars',
    '/calendars/monsoon', '/measures', '/environments', '/keys', '/members', '/webhooks', '/audit', '/operations', '/approvals', '/reference',
  ];
  it.each<[string, Look]>([['in English, light, on a desktop', {}], ['in Hindi, dark, on a phone', { locale: 'hi', dark: true, phone: true }]])('is accessible %s, and fits its width', async (_how, look) => {
    const page = await open('/flags', look);
    const faults: string[] = [];
    for (const path of pages) {
      await page.goto(`${pataka.url}${path}`);
      await page.locator('h1').first().waitFor();
      await page.locator('.skeleton').first().waitFor({ state: 'detached' });
      faults.push(...await violations(page));
      const wider = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
      if (wider > 0) faults.push(`${path} is ${wider} px too wide`);
    }
    expect(faults).toEqual([]);
  }, 240_000);

  it(`finds flags among ${MANY}, with no more rows in the document than are in sight`, async () => {
    const keys = Array.from({ length: MANY }, (_, index) => `fleet_${String(index).padStart(4, '0')}`);
    await Promise.all(Array.from({ length: 8 }, async () => {
      for (let key = keys.pop(); key !== undefined; key = keys.pop()) await pataka.admin.post('/api/flags', flag(key, { tags: ['fleet'] }));
    }));
    const all = (await pataka.admin.all<Flag>('/api/flags')).length;
    const page = await open('/flags');
    const rows = page.getByRole('row');
    await page.locator(`[role=table][aria-rowcount="${all + 1}"]`).waitFor();
    expect(await rows.count()).toBeLessThan(MOST_ROWS);
    await page.evaluate('scrollTo(0, document.body.scrollHeight)');
    await page.getByRole('link', { name: 'UPI Autopay' }).waitFor();
    expect(await rows.count()).toBeLessThan(MOST_ROWS);
    const search = page.getByRole('searchbox');
    const startedMs = performance.now();
    await search.fill('fleet_042');
    await page.getByText('10 flags shown').waitFor();
    process.stderr.write(`admin-ui: found 10 among ${MANY} flags in ${(performance.now() - startedMs).toFixed(0)} ms\n`);
    expect(await rows.count()).toBe(11);
  }, 240_000);
});

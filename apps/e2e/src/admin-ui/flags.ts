import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Flag } from '@pataka/contracts';
import { root } from '../harness/build';
import type { Desk } from '../harness/desk';
import { countOf, until } from '../harness/waiting';

/** Three pages of the list; PATAKA_UI_FLAGS asks for more. */
const MANY = countOf('PATAKA_UI_FLAGS', 500);
const MOST_ROWS = 60;
const BUDGET_BYTES = 250 * 1024;

const flag = (key: string, more: Partial<Flag> = {}): Partial<Flag> => ({
  key, type: 'BOOLEAN', status: 'ACTIVE', defaultValue: false, environments: { production: { enabled: true, rules: [{ id: 'west', conditions: [{ attribute: 'region', operator: 'within', value: ['west'] }], percentage: 25, value: true }] } }, ...more,
});

/** What the stories find there. */
export const furnish = async ({ pataka }: Desk): Promise<void> => {
  await pataka.admin.post('/api/segments', { key: 'pilots', name: 'Pilots', included: ['driver-1'] });
  await pataka.admin.post('/api/calendars', { key: 'monsoon', name: 'Monsoon', timezone: 'Asia/Kolkata', periods: [{ from: '2027-06-01', until: '2027-09-30', regions: ['kerala'] }] });
  await pataka.admin.post('/api/metrics', { key: 'retention', name: 'Retention' });
  await pataka.admin.post('/api/flags', flag('upi_autopay', { name: 'UPI Autopay' }));
};

/** Flags: list, targeting, conflicts, keyboard, phone. */
export const flagStories = (desk: Desk): void => {
  it('loads the list of flags with less than 250 KB of compressed script', async () => {
    const page = await desk.open('/flags');
    await page.getByRole('link', { name: 'UPI Autopay' }).waitFor();
    const scripts = await page.evaluate<string[]>("performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => name.endsWith('.js'))");
    const bytes = scripts.map((name) => gzipSync(readFileSync(join(root, 'apps/admin-ui/dist', new URL(name).pathname))).length).reduce((sum, size) => sum + size, 0);
    process.stderr.write(`admin-ui: ${scripts.length} scripts, ${(bytes / 1024).toFixed(0)} KB compressed\n`);
    expect(bytes).toBeLessThan(BUDGET_BYTES);
  });

  it('makes a flag, targets it, tries it on somebody, shows what changes, and saves it', async () => {
    const page = await desk.open('/flags/new');
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
      const found = await desk.pataka.admin.ask<Flag>('GET', '/api/flags/fuel_hints');
      return (found.environments['production']?.rules.length ?? 0) > 0 ? found : null;
    });
    expect(saved.environments['production']!.rules).toEqual([{ id: 'rule-1', conditions: [{ attribute: 'region', operator: 'within', value: ['west'] }], value: true }]);
    await page.getByRole('link', { name: 'History' }).click();
    await page.getByText('for the west').waitFor();
  });

  it('shows both versions when somebody else saved first, and saves what is chosen', async () => {
    const page = await desk.open('/flags/upi_autopay');
    await page.getByRole('button', { name: 'Edit' }).click();
    await page.getByRole('textbox', { name: 'Percentage' }).fill('60');
    await page.getByRole('button', { name: 'Review and save' }).click();
    const now = await desk.pataka.admin.ask<Flag>('GET', '/api/flags/upi_autopay');
    const theirs = { enabled: true, rules: [{ ...now.environments['production']!.rules[0]!, percentage: 5 }] };
    await desk.pataka.admin.ask('PUT', '/api/flags/upi_autopay/environments/production', { body: theirs, headers: { 'if-match': `"${now.version}"` } });
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Save', exact: true }).click();
    await dialog.getByRole('region', { name: 'Their change' }).getByText('"percentage": 5').waitFor();
    await dialog.getByRole('region', { name: 'Your change' }).getByText('"percentage": 60').waitFor();
    await dialog.getByRole('button', { name: 'Save mine over theirs' }).click();
    await until('mine is saved', async () => (await desk.pataka.admin.ask<Flag>('GET', '/api/flags/upi_autopay')).environments['production']!.rules[0]!.percentage === 60);
  });

  it('does by keyboard what it does by mouse: finds a flag and turns it off', async () => {
    const page = await desk.open('/flags');
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
    await until('it is off', async () => !(await desk.pataka.admin.ask<Flag>('GET', '/api/flags/upi_autopay')).environments['production']!.enabled);
  });

  it('opens the side bar on a phone, and from it the settings, and gives the focus back', async () => {
    const page = await desk.open('/flags', { phone: true });
    const opener = page.getByRole('button', { name: 'Open the menu' });
    await opener.click();
    await page.getByRole('dialog').getByRole('link', { name: 'Segments' }).waitFor();
    await page.getByRole('button', { name: /^Settings/ }).click();
    await page.getByLabel('Language').selectOption('hi');
    await page.locator('html[lang=hi]').waitFor();
    expect(await desk.violations(page)).toEqual([]);
    await page.getByLabel('भाषा').selectOption('en');
    await page.keyboard.press('Escape');
    await page.getByLabel('Language').waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    await opener.and(page.locator(':focus')).waitFor();
  });

  it('shows a key once, and what somebody else changes without a reload', async () => {
    const page = await desk.open('/keys');
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByLabel('Name').fill('driver app');
    await page.getByRole('button', { name: 'Create' }).click();
    const token = await page.getByRole('alertdialog').locator('code').innerText();
    expect((await desk.pataka.admin.as(token).send('GET', '/api/session')).status).toBe(200);
    await page.getByRole('button', { name: 'I have kept it' }).click();
    await desk.pataka.admin.post('/api/keys', { name: 'made elsewhere', kind: 'server', environment: 'production' });
    await page.getByText('made elsewhere').waitFor();
  });
};

/** Last, since every page has more to show afterwards. */
export const manyFlags = (desk: Desk): void => {
  it(`finds flags among ${MANY}, with no more rows in the document than are in sight`, async () => {
    const keys = Array.from({ length: MANY }, (_, index) => `fleet_${String(index).padStart(4, '0')}`);
    await Promise.all(Array.from({ length: 8 }, async () => {
      for (let key = keys.pop(); key !== undefined; key = keys.pop()) await desk.pataka.admin.post('/api/flags', flag(key, { tags: ['fleet'] }));
    }));
    // What has been archived is not listed unless asked for.
    const all = (await desk.pataka.admin.all<Flag>('/api/flags')).filter(({ status }) => status !== 'ARCHIVED').length;
    const page = await desk.open('/flags');
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
};

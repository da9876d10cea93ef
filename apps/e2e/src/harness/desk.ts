import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Role } from '@pataka/contracts';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { build } from './build';
import { PatakaProcess } from './pataka-process';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path));
const flags = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const PATIENCE_MS = 20_000;
const AXE = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
/** A directory for pictures of what is seen on the way; nothing is drawn without it. */
const SHOTS = process.env['PATAKA_UI_SHOTS'];

export type Locale = 'en' | 'hi';
/** Who sits there and how it looks to them. `as: null` is nobody. */
export interface Look { locale?: Locale; dark?: boolean; phone?: boolean; as?: Role | null; token?: string }

/** `describe`; left out loudly where there is no browser, but with CI=true nothing is left out. */
export const describeInBrowser: (title: string, suite: () => void) => void = CHROMIUM === undefined && process.env['CI'] !== 'true' ? describe.skip : describe;
if (CHROMIUM === undefined && process.env['CI'] !== 'true') process.stderr.write('admin-ui: left out, there is no Chromium (apt-get install chromium fonts-noto-core)\n');

export const PASSWORD = 'monsoon lantern seven';
const emailOf = (role: Role): string => `${role.replace('_', '.')}@fleetflow.in`;
const names: Record<Role, string> = { admin: 'Asha Kulkarni', fleet_manager: 'Vikram Deshmukh', viewer: 'Meera Iyer' };

/** One Pataka and one Chromium before it, for every story that is told in a browser: to start them takes longer than most stories. */
export class Desk {
  readonly #directory = mkdtempSync(join(tmpdir(), 'pataka-desk-'));
  readonly #contexts: BrowserContext[] = [];
  readonly #complaints: string[] = [];
  readonly #sessions = new Map<Role, Awaited<ReturnType<BrowserContext['cookies']>>>();
  #pataka: PatakaProcess | null = null;
  #browser: Browser | null = null;

  get pataka(): PatakaProcess { return this.#pataka!; }

  /** The clock of rollouts, which a story may put forward by weeks. */
  setClock(at: number): void {
    writeFileSync(join(this.#directory, 'clock'), new Date(at).toISOString());
  }

  /** With the clock of rollouts at an instant, or the real one; `env` may depend on where it listens. */
  async start(at: number | null, env: (url: string) => Record<string, string> = () => ({})): Promise<void> {
    build();
    if (at !== null) this.setClock(at);
    const variables: Record<string, string> = at === null ? {} : { PATAKA_CLOCK_FILE: join(this.#directory, 'clock') };
    this.#pataka = await PatakaProcess.create({ env: variables });
    Object.assign(variables, env(this.#pataka.url));
    this.#pataka.spawn();
    await this.#pataka.ready();
    this.#browser = await chromium.launch({ executablePath: CHROMIUM ?? '/usr/bin/chromium', args: flags });
  }

  async stop(): Promise<void> {
    await this.#browser?.close();
    await this.#pataka?.dispose();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Ends every tab; what their consoles complained of. */
  async clear(): Promise<string[]> {
    await Promise.all(this.#contexts.splice(0).map((context) => context.close()));
    return this.#complaints.splice(0);
  }

  /** Gives everyone who comes by role an account; the first administrator has made their own. */
  async hire(roles: readonly Role[]): Promise<void> {
    for (const role of roles) await this.pataka.admin.post('/api/members', { email: emailOf(role), name: names[role], role, password: PASSWORD });
  }

  /** A tab of its own, signed in: by default with the administrator's token, as a program would be. */
  async open(path: string, look: Look = {}): Promise<Page> {
    const { locale = 'en', as } = look;
    const token = look.token ?? (as === undefined ? this.pataka.tokens.admin : null);
    const page = await this.#tab(look);
    await page.addInitScript({ content: `${token === null ? '' : `sessionStorage.setItem('pataka.token', ${JSON.stringify(token)});`}localStorage.setItem('pataka.locale', '${locale}');` });
    const session = typeof as === 'string' ? this.#sessions.get(as) : undefined;
    await page.context().addCookies(session ?? []);
    await page.goto(`${this.pataka.url}${path}`);
    if (typeof as === 'string' && session === undefined) await this.#signIn(page, as);
    await page.locator('h1').first().waitFor();
    return page;
  }

  /** What its console complains of is kept; refusals that stories provoke belong to them. */
  async #tab({ locale = 'en', dark = false, phone = false }: Look): Promise<Page> {
    const context = await this.#browser!.newContext({
      viewport: phone ? { width: 360, height: 740 } : { width: 1280, height: 850 }, hasTouch: phone, colorScheme: dark ? 'dark' : 'light', timezoneId: 'Asia/Kolkata', locale: `${locale}-IN`,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    this.#contexts.push(context);
    const page = await context.newPage();
    page.on('pageerror', (error) => this.#complaints.push(`${page.url()}: ${error.message}`));
    page.on('console', (message) => { if (message.type() === 'error' && !/status of (400|401|409|412)/.test(message.text())) this.#complaints.push(`${page.url()}: ${message.text()}`); });
    return page;
  }

  /** Once for each role: the session is kept for their next tabs. */
  async #signIn(page: Page, role: Role): Promise<void> {
    await page.locator('input[type=email]').fill(emailOf(role));
    await page.locator('input[autocomplete=current-password]').fill(PASSWORD);
    await page.locator('button[type=submit]').first().click();
    await page.locator('main:not(.sign-in) h1').waitFor();
    this.#sessions.set(role, await page.context().cookies());
  }

  /** Goes on to another page in the same tab, without loading the application anew, and waits until it is there; to another part of the same page by its address. */
  async goTo(page: Page, path: string): Promise<void> {
    const target = new URL(path, this.pataka.url);
    if (target.pathname === new URL(page.url()).pathname) await page.goto(target.href);
    else await page.evaluate(`document.querySelector('main .page')?.setAttribute('data-left', ''); history.pushState({}, '', ${JSON.stringify(path)});`);
    await page.locator('main .page:not([data-left]) h1').waitFor();
    await page.locator('.skeleton').first().waitFor({ state: 'detached' });
  }

  /** What axe finds on the page as it is. */
  async violations(page: Page): Promise<string[]> {
    if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(axe);
    // React Aria's announcer names its images by what was focused, which may be gone.
    const { violations: found } = await page.evaluate<{ violations: { id: string; nodes: { target: string[] }[] }[] }>(`axe.run({ exclude: ['[data-live-announcer]'] }, { runOnly: ${JSON.stringify(AXE)} })`);
    return found.map(({ id, nodes }) => `${page.url()}: ${id} at ${nodes.slice(0, 3).map(({ target }) => target.join(' ')).join(', ')}`);
  }

  /** Whether the page can be moved to the side. */
  async tooWide(page: Page): Promise<string[]> {
    const wider = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
    return wider > 0 ? [`${page.url()} is ${wider} px too wide`] : [];
  }

  /** A picture of the whole page, for people to look at. */
  async shoot(page: Page, name: string): Promise<void> {
    if (SHOTS === undefined) return;
    mkdirSync(SHOTS, { recursive: true });
    await page.evaluate('scrollTo(0, 0)');
    await page.waitForTimeout(400);
    await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
  }
}

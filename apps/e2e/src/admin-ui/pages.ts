import type { Role } from '@pataka/contracts';
import type { Page } from 'playwright-core';
import type { Desk, Look } from '../harness/desk';
import { wordsOf, type Words } from '../harness/words';

type Needs = 'read' | 'manage' | 'administer';
const allowed: Record<Role, readonly Needs[]> = { admin: ['read', 'manage', 'administer'], fleet_manager: ['read', 'manage'], viewer: ['read'] };

/** A page, and what is offered there to whoever may do it: messages of the application that name a button or a link. */
interface Place { path: string; offers?: readonly [Needs, string][]; sees?: Needs }

const places: readonly Place[] = [
  { path: '/dashboard' }, { path: '/live' }, { path: '/live?view=then' },
  { path: '/flags', offers: [['manage', 'flags.new']] }, { path: '/flags/new', offers: [['manage', 'flags.make']] },
  { path: '/flags/upi_autopay', offers: [['manage', 'targeting.addRule']] }, { path: '/flags/upi_autopay?tab=values' }, { path: '/flags/upi_autopay?tab=history' }, { path: '/flags/upi_autopay?tab=usage' },
  { path: '/experiments', offers: [['manage', 'experiments.new']] }, { path: '/experiments?view=board' }, { path: '/experiments/new', offers: [['manage', 'experiments.next']] },
  { path: '/experiments/ai_route_optimization', offers: [['manage', 'experiments.action.clone.name'], ['manage', 'experiments.action.archive.name']] },
  { path: '/experiments/ai_route_optimization?tab=rollout' }, { path: '/experiments/ai_route_optimization?tab=setup' }, { path: '/experiments/ai_route_optimization?tab=history' },
  { path: '/approvals' },
  { path: '/segments', offers: [['manage', 'administration.segments.new']] }, { path: '/segments/pilots', offers: [['manage', 'common.remove']] }, { path: '/regions', offers: [['manage', 'administration.regions.new']] },
  { path: '/calendars', offers: [['manage', 'administration.calendars.new']] }, { path: '/calendars/monsoon', offers: [['manage', 'common.remove']] }, { path: '/measures', offers: [['manage', 'administration.metrics.new']] },
  { path: '/environments', offers: [['administer', 'administration.environments.new']] }, { path: '/keys', sees: 'administer', offers: [['administer', 'administration.keys.new']] },
  { path: '/members', sees: 'administer', offers: [['administer', 'administration.members.new']] }, { path: '/webhooks', sees: 'administer', offers: [['administer', 'administration.webhooks.new']] },
  { path: '/audit' }, { path: '/operations', sees: 'administer' }, { path: '/reference' }, { path: '/profile' },
];

const offered = async (page: Page, say: Words, { path, offers = [] }: Place, role: Role): Promise<string[]> => {
  const faults: string[] = [];
  for (const [needs, id] of offers) {
    const there = await page.getByRole('main').getByRole('button', { name: say(id), exact: true }).or(page.getByRole('main').getByRole('link', { name: say(id), exact: true })).count() > 0;
    if (there !== allowed[role].includes(needs)) faults.push(`${path}: ${role} is ${there ? '' : 'not '}offered “${say(id)}”`);
  }
  return faults;
};

/** In the side bar there is what the role may see, and nothing else. */
const linked = async (page: Page, role: Role): Promise<string[]> => {
  const faults: string[] = [];
  for (const { path, sees = 'read' } of places.filter((one) => /^\/[a-z]+$/.test(one.path) && one.path !== '/profile')) {
    const there = await page.locator(`.sidebar a[href="${path}"]`).count() > 0;
    if (there !== allowed[role].includes(sees)) faults.push(`${role} is ${there ? '' : 'not '}led to ${path}`);
  }
  return faults;
};

/** Whoever it is, on their screen, in their language. Axe looks once at each side: the most offered and the least, light and dark, wide and narrow, English and Hindi. */
const visitors: readonly [string, Look & { as: Role }, { axe: boolean }][] = [
  ['an administrator on a desktop, in English, light', { as: 'admin', locale: 'en' }, { axe: true }],
  ['a fleet manager on a desktop, in Hindi, dark', { as: 'fleet_manager', locale: 'hi', dark: true }, { axe: false }],
  ['a viewer on a phone, in Hindi, dark', { as: 'viewer', locale: 'hi', dark: true, phone: true }, { axe: true }],
];

/** Something that is made on a page with a dialog: its fields by their messages. */
interface Making { path: string; open: string; fields: Readonly<Record<string, string>>; done: string; name: string }
const makings: Readonly<Record<'fleet_manager' | 'admin', readonly Making[]>> = {
  fleet_manager: [
    { path: '/segments', open: 'administration.segments.new', fields: { 'common.name': 'Pune pilots' }, done: 'common.create', name: 'Pune pilots' },
    { path: '/calendars', open: 'administration.calendars.new', fields: { 'common.name': 'Diwali' }, done: 'common.create', name: 'Diwali' },
    { path: '/measures', open: 'administration.metrics.new', fields: { 'common.name': 'Tolls paid', 'common.key': 'tolls_paid' }, done: 'common.save', name: 'Tolls paid' },
    { path: '/regions', open: 'administration.regions.new', fields: { 'common.name': 'Chakan', 'common.key': 'chakan' }, done: 'common.save', name: 'Chakan' },
  ],
  admin: [
    { path: '/environments', open: 'administration.environments.new', fields: { 'common.name': 'Training', 'common.key': 'training' }, done: 'common.create', name: 'Training' },
    { path: '/members', open: 'administration.members.new', fields: { 'common.name': 'Ravi Patil', 'administration.members.email': 'ravi@fleetflow.in' }, done: 'administration.members.invite', name: 'Ravi Patil' },
  ],
};

const makes = async (desk: Desk, page: Page, say: Words, { path, open, fields, done, name }: Making): Promise<void> => {
  await desk.goTo(page, path);
  await page.getByRole('button', { name: say(open), exact: true }).click();
  const dialog = page.getByRole('dialog');
  for (const [label, value] of Object.entries(fields)) await dialog.getByLabel(say(label), { exact: true }).fill(value);
  await dialog.getByRole('button', { name: say(done), exact: true }).click();
  const kept = page.getByRole('alertdialog').getByRole('button', { name: say('administration.secret.kept') });
  await page.getByRole('main').getByText(name, { exact: true }).first().or(kept).first().waitFor();
  if (await kept.count() > 0) await kept.click();
  await page.getByRole('main').getByText(name, { exact: true }).first().waitFor();
};

/** Every page by everyone. */
export const pageStories = (desk: Desk): void => {
  it.each([['fleet_manager', 'en'], ['admin', 'hi']] as const)('a %s makes what the pages are for, in %s', async (role, locale) => {
    const say = wordsOf(locale);
    const page = await desk.open('/segments', { as: role, locale });
    for (const making of makings[role]) await makes(desk, page, say, making);
    await desk.goTo(page, '/audit');
    const verify = page.getByRole('button', { name: say('administration.audit.verify') });
    if (role === 'admin') {
      await verify.click();
      await page.locator('.notice.good').waitFor();
    }
  }, 120_000);

  it.each(visitors)('%s finds every page, fit to read, and is offered what they may do and nothing else', async (_who, look, { axe }) => {
    const say = wordsOf(look.locale ?? 'en');
    const page = await desk.open('/flags', look);
    const faults: string[] = [];
    for (const place of places) {
      await desk.goTo(page, place.path);
      faults.push(...await offered(page, say, place, look.as), ...await desk.tooWide(page), ...(axe ? await desk.violations(page) : []));
      await desk.shoot(page, `${look.as}${look.phone === true ? '-phone' : ''}-${look.dark === true ? 'dark' : 'light'}-${look.locale}-${place.path.slice(1).replace(/[/?=]/g, '_')}`);
    }
    if (look.phone !== true) faults.push(...await linked(page, look.as));
    expect(faults).toEqual([]);
  }, 240_000);
};

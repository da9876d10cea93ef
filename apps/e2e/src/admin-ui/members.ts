import { type Desk, PASSWORD } from '../harness/desk';

/** How the first administrator comes in. Before this there is nobody. */
export const memberStories = (desk: Desk): void => {
  it('asks who one is, and makes the first administrator of whoever has the token of the first start', async () => {
    const page = await desk.open('/experiments', { as: null });
    expect(new URL(page.url()).pathname).toBe('/sign-in');
    await page.getByLabel('Admin token').fill(desk.pataka.tokens.admin);
    await page.getByLabel('Your name').fill('Asha Kulkarni');
    await page.getByLabel('E-mail address').fill('admin@fleetflow.in');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    expect(await desk.violations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Make my account' }).click();
    // Back to where they wanted to go.
    await page.getByRole('heading', { level: 1, name: 'Experiments' }).waitFor();
    await desk.shoot(page, 'experiments-none');
    await desk.hire(['fleet_manager', 'viewer']);
  });
};

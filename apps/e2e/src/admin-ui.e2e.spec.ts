import { experimentStories, START } from './admin-ui/experiments';
import { flagStories, furnish, manyFlags } from './admin-ui/flags';
import { memberStories } from './admin-ui/members';
import { pageStories } from './admin-ui/pages';
import { describeInBrowser, Desk } from './harness/desk';

// One system and one browser for all of it; each story leaves behind what the next ones find.
describeInBrowser('the admin UI', () => {
  const desk = new Desk();
  beforeAll(async () => {
    await desk.start(START);
    await furnish(desk);
  }, 300_000);
  // What a console complains of fails the story.
  afterEach(async () => expect(await desk.clear()).toEqual([]));
  afterAll(() => desk.stop(), 60_000);

  memberStories(desk);
  flagStories(desk);
  experimentStories(desk);
  pageStories(desk);
  manyFlags(desk);
});

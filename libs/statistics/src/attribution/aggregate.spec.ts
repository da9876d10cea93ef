import type { AttributionInput } from './aggregate';
import { attribute } from './aggregate';

const base: AttributionInput = {
  variants: ['A', 'B'],
  exposures: [{ user: 'a', variant: 'A', ts: 100 }, { user: 'b', variant: 'B', ts: 100 }],
  events: [],
  metric: { name: 'buy', type: 'sum', windowMs: 50, cap: null },
};

const event = (id: string, user: string, ts: number, value?: number) =>
  ({ id, user, metric: 'buy', ts, ...(value === undefined ? {} : { value }) });

describe('attribution', () => {
  it('counts an event at the instant of exposure and none at the end of the window', () => {
    const { perVariant, events } = attribute({ ...base, events: [event('1', 'a', 100, 2), event('2', 'a', 149, 3), event('3', 'a', 150, 9)] });
    expect(perVariant).toMatchObject({ A: { n: 1, sum: 5, sumSq: 25 } });
    expect(events).toMatchObject({ used: 2, afterWindow: 1 });
  });

  it('takes the earliest exposure, not the first to arrive', () => {
    const exposures = [{ user: 'a', variant: 'A', ts: 100 }, { user: 'a', variant: 'A', ts: 80 }];
    expect(attribute({ ...base, exposures, events: [event('1', 'a', 90, 1)] }).events.used).toBe(1);
  });

  it('excludes who met two variants, even before the events', () => {
    const exposures = [...base.exposures, { user: 'a', variant: 'B', ts: 500 }];
    const { perVariant, excludedUsers, events } = attribute({ ...base, exposures, events: [event('1', 'a', 110, 1)] });
    expect(perVariant).toMatchObject({ A: { n: 0 }, B: { n: 1 } });
    expect([excludedUsers, events.excludedUser]).toEqual([1, 1]);
  });

  it('classes a duplicate before anything else, even of an invalid event', () => {
    const { events } = attribute({ ...base, events: [event('1', 'nobody', 110), event('1', 'a', 110, 1), event('2', 'nobody', 110, 1)] });
    expect(events).toMatchObject({ invalid: 1, duplicate: 1, unexposed: 1, used: 0 });
  });

  it('ignores exposures to unknown variants but counts them', () => {
    const exposures = [...base.exposures, { user: 'a', variant: 'C', ts: 10 }];
    expect(attribute({ ...base, exposures })).toMatchObject({ unknownVariantExposures: 1, excludedUsers: 0 });
  });

  it('caps the total of a user, not its events', () => {
    const metric = { ...base.metric, cap: 4 };
    expect(attribute({ ...base, metric, events: [event('1', 'a', 110, 3), event('2', 'a', 111, 3)] }).perVariant).toMatchObject({ A: { sum: 4 } });
  });

  it('does not depend on the order of the exposures', () => {
    const exposures = [...base.exposures, { user: 'a', variant: 'B', ts: 90 }, { user: 'c', variant: 'B', ts: 1 }];
    expect(attribute({ ...base, exposures: [...exposures].reverse() })).toEqual(attribute({ ...base, exposures }));
  });
});

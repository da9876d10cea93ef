import { referencesOf, unknownReferences } from './reference-faults';

describe('names of things that are kept elsewhere', () => {
  const body = {
    targetAudience: { conditions: [{ any: [{ attribute: 'region', operator: 'within' as const, value: ['north', 'atlantis'] }, { not: { operator: 'in_segment' as const, value: ['ghosts'] } }] }, { operator: 'in_calendar' as const, value: 'monsoon' }] },
    strategy: { type: 'GRADUAL' as const, audienceSegments: ['pilots'], blackouts: ['diwali', 'nowruz'], geographicRules: [{ regions: ['north'], include: true }], steps: [{ percentage: 5, regions: ['moon'] }] },
  };

  it('are faults where they are not there, each at its place', () => {
    const known = new Set(['region:north', 'calendar:monsoon', 'calendar:diwali', 'segment:pilots']);
    expect(unknownReferences(referencesOf(body), known).map(({ pointer }) => pointer)).toEqual([
      '/targetAudience/conditions/0/any/0/value', '/targetAudience/conditions/0/any/1/not/value', '/strategy/blackouts/1', '/strategy/steps/0/regions/0',
    ]);
  });
});

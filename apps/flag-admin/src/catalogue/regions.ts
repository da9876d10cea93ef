import { Region } from '@pataka/contracts';
import { faultOf } from '@pataka/evaluation';
import { catalogueAggregate, type CatalogueWorld } from './catalogue.decider';

const parentFault = (body: Record<string, unknown>, world: CatalogueWorld): string | null => {
  const path = [String(body['key'])];
  let parent = body['parent'];
  while (typeof parent === 'string') {
    if (path.includes(parent)) return `regions lie within each other: ${[...path, parent].join(' → ')}`;
    const region = world.others.get(parent);
    if (region === undefined) return `there is no region "${parent}"`;
    path.push(parent);
    parent = region['parent'];
  }
  return null;
};

export const regionAggregate = catalogueAggregate({
  kind: 'region',
  shape: Region,
  uploaded: [],
  faults: (body, world) => faultOf('/parent', parentFault(body, world)),
});

import type { Region } from '@pataka/contracts';

export interface RegionNode { region: Region; children: RegionNode[] }

/** Regions under what they lie in; one whose parent is not there stands at the top. */
export const regionTree = (regions: readonly Region[]): RegionNode[] => {
  const nodes = new Map(regions.map((region) => [region.key, { region, children: [] as RegionNode[] }]));
  const roots: RegionNode[] = [];
  for (const node of nodes.values()) (node.region.parent === undefined ? roots : nodes.get(node.region.parent)?.children ?? roots).push(node);
  const sort = (list: RegionNode[]): void => {
    list.sort((a, b) => (a.region.name ?? a.region.key).localeCompare(b.region.name ?? b.region.key));
    for (const node of list) sort(node.children);
  };
  sort(roots);
  return roots;
};

/** The nodes that a search finds, with all that they lie in. */
export const foundRegions = (nodes: readonly RegionNode[], text: string): RegionNode[] => {
  const wanted = text.trim().toLocaleLowerCase();
  if (wanted === '') return [...nodes];
  return nodes.flatMap((node) => {
    const own = node.region.key.toLocaleLowerCase().includes(wanted) || (node.region.name ?? '').toLocaleLowerCase().includes(wanted);
    const children = foundRegions(node.children, text);
    return own ? [node] : children.length > 0 ? [{ ...node, children }] : [];
  });
};

/** All that lies below, itself included. */
export const keysBelow = (node: RegionNode): string[] => [node.region.key, ...node.children.flatMap(keysBelow)];

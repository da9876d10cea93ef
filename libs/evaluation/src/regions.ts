import type { Region } from '@pataka/contracts';

/** The regions at or below some regions; it follows changes of the tree. */
export type RegionSet = { has(region: string): boolean };

/** The tree of regions. Sets drawn from it are filled on first use and again after a change. */
export class RegionTree {
  private readonly regions = new Map<string, Region>();
  private children: Map<string, string[]> | undefined;
  private revision = 0;

  /** Puts in, replaces or (undefined) takes out a region. Those below one that goes stay, without a parent. */
  put(key: string, region: Region | undefined): void {
    if (region === undefined) this.regions.delete(key);
    else this.regions.set(key, region);
    this.children = undefined;
    this.revision += 1;
  }

  /** The regions as they were given. */
  documents(): Region[] {
    return [...this.regions.values()];
  }

  /** The regions that are one of `keys` or lie below one. */
  within(keys: readonly string[]): RegionSet {
    let found: Set<string> | undefined;
    let revision = -1;
    return {
      has: (region) => {
        if (found === undefined || revision !== this.revision) {
          found = this.collect(keys);
          revision = this.revision;
        }
        return found.has(region);
      },
    };
  }

  private collect(keys: readonly string[]): Set<string> {
    const children = (this.children ??= this.groupByParent());
    const found = new Set(keys.filter((key) => this.regions.has(key)));
    // A set is walked in insertion order, additions included, and takes a ring of parents only once.
    for (const key of found) for (const child of children.get(key) ?? []) found.add(child);
    return found;
  }

  private groupByParent(): Map<string, string[]> {
    const children = new Map<string, string[]>();
    for (const { key, parent } of this.regions.values()) {
      if (typeof parent !== 'string') continue;
      const siblings = children.get(parent);
      if (siblings === undefined) children.set(parent, [key]);
      else siblings.push(key);
    }
    return children;
  }
}

interface Family { head: Map<string, string>; samples: string[] }

/** Puts Prometheus texts of several services together: each family once, its samples under the first HELP and TYPE. */
export const mergeMetrics = (texts: readonly string[]): string => {
  const families = new Map<string, Family>();
  const familyOf = (name: string): Family => {
    let family = families.get(name);
    if (family === undefined) families.set(name, (family = { head: new Map(), samples: [] }));
    return family;
  };
  for (const text of texts) {
    let current = familyOf('');
    for (const line of text.split('\n')) {
      const [, kind, name] = /^# (HELP|TYPE) (\S+)/.exec(line) ?? [];
      if (name !== undefined) current = familyOf(name);
      if (kind !== undefined && !current.head.has(kind)) current.head.set(kind, line);
      if (line !== '' && !line.startsWith('#')) current.samples.push(line);
    }
  }
  return `${[...families.values()].flatMap(({ head, samples }) => [...head.values(), ...samples]).join('\n')}\n`;
};

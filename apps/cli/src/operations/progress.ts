import { Presets, SingleBar } from 'cli-progress';
import type { Progress } from '@pataka/event-sourcing';

/** A bar on stderr for long work; ends with `done`. */
export const progressBar = (title: string): { onProgress: (progress: Progress) => void; done: () => void } => {
  const bar = new SingleBar({ format: `${title} {bar} {percentage}% {value}/{total} {note}`, stream: process.stderr, noTTYOutput: true, notTTYSchedule: 5_000, clearOnComplete: false }, Presets.shades_classic);
  let started = false;
  return {
    onProgress: ({ done, total, note }) => {
      if (!started) bar.start(total, done, { note });
      started = true;
      bar.setTotal(total);
      bar.update(done, { note });
    },
    done: () => { if (started) bar.stop(); },
  };
};

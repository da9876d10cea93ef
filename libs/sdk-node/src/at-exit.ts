/** What has to be done when the process ends by itself. */
export type Farewell = {
  /** There is nothing left to do in the process, but there is still time. */
  beforeExit(): void;
  /** The process ends now: nothing asynchronous will happen. */
  exit(): void;
};

const farewells = new Set<Farewell>();
const each = (stage: keyof Farewell) => (): void => {
  for (const farewell of [...farewells]) farewell[stage]();
};
const beforeExit = each('beforeExit');
const exit = each('exit');

/** Registers a farewell; one listener serves all clients of the process. @returns how to take it back */
export const atExit = (farewell: Farewell): (() => void) => {
  if (farewells.size === 0) process.on('beforeExit', beforeExit).on('exit', exit);
  farewells.add(farewell);
  return () => {
    if (farewells.delete(farewell) && farewells.size === 0) process.off('beforeExit', beforeExit).off('exit', exit);
  };
};

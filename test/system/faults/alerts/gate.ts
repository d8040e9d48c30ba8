import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How a process goes on that stood still. */
export interface Go {
  /** Its clock steps by so much, ms. */
  readonly clockMs: number;
}

const lookEveryMs = 5;
const held = (folder: string) => join(folder, 'held');
const go = (folder: string) => join(folder, 'go');

/** The subject stands still here, all of it, until it is let go, or killed, or nobody is there any more to do either. */
export function standStill(folder: string): Go {
  const parent = process.ppid;
  const nothing = new Int32Array(new SharedArrayBuffer(4));
  writeFileSync(held(folder), '');
  while (!existsSync(go(folder))) {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
    Atomics.wait(nothing, 0, 0, lookEveryMs);
  }
  const order = JSON.parse(readFileSync(go(folder), 'utf8')) as Go;
  rmSync(go(folder));
  return order;
}

/** The harness's side. */
export function standsStill(folder: string): boolean {
  return existsSync(held(folder));
}

export function letGo(folder: string, order: Go): void {
  rmSync(held(folder), { force: true });
  writeFileSync(`${go(folder)}.new`, JSON.stringify(order));
  renameSync(`${go(folder)}.new`, go(folder));
}

/** After the one who stood there was killed. */
export function clearGate(folder: string): void {
  for (const file of [held(folder), go(folder)]) rmSync(file, { force: true });
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FourninesError } from '../../../core/runtime/error.ts';
import { findVswitchds, type Vswitchd } from './discovery.ts';
import { UnixctlClient } from './unixctl.ts';

/** A running ovs-vswitchd and the connection to it. */
export interface Daemon {
  readonly found: Vswitchd;
  readonly client: UnixctlClient;
}

/** Keeps the connection to the daemon of a run folder; a daemon that was started again is another. */
export class DaemonConnection {
  readonly #runDir: string;
  readonly #procRoot: string;
  #daemon: Daemon | undefined;

  constructor(runDir: string, procRoot: string) {
    this.#runDir = runDir;
    this.#procRoot = procRoot;
  }

  get dbPath(): string {
    return join(this.#runDir, 'db.sock');
  }

  /** The daemon now. Throws FN_SOURCE_ABSENT where there is no Open vSwitch, FN_OVS_AWAY where there is one, but no daemon. */
  find(): Daemon {
    const [found] = findVswitchds(this.#runDir, this.#procRoot);
    if (found === undefined) {
      this.close();
      const isThere = existsSync(this.dbPath);
      throw new FourninesError(
        isThere ? 'FN_OVS_AWAY' : 'FN_SOURCE_ABSENT',
        isThere ? 'ovs-vswitchd does not run' : 'there is no Open vSwitch',
        { context: { path: this.#runDir } },
      );
    }
    const last = this.#daemon;
    if (last !== undefined && last.found.pid === found.pid && last.found.startTicks === found.startTicks) return last;
    last?.client.close();
    this.#daemon = { found, client: new UnixctlClient(found.ctlPath) };
    return this.#daemon;
  }

  close(): void {
    this.#daemon?.client.close();
    this.#daemon = undefined;
  }
}

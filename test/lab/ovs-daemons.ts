import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { LabStateFile } from './lab-state.ts';
import { LabProcess } from './processes.ts';
import { programPath, runProgram } from './programs.ts';
import { until } from './waiting.ts';

const schema = '/usr/share/openvswitch/vswitch.ovsschema';
const debianPackage = 'openvswitch-switch-dpdk';

export interface SwitchProgram {
  readonly program: string;
  readonly args: readonly string[];
  readonly ownNetwork: boolean;
  /** How long it may take to answer after its start, ms. */
  readonly deadlineMs: number;
}

/** A private Open vSwitch: database and switch with every file below one folder. */
export class OvsDaemons {
  readonly runDir: string;
  readonly dbSocket: string;
  readonly #state: LabStateFile;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #database: string;
  #databaseProcess: LabProcess | undefined;
  #switchProcess: LabProcess | undefined;

  constructor(state: LabStateFile) {
    const folder = path.join(state.folder, 'ovs');
    this.runDir = path.join(folder, 'run');
    this.dbSocket = path.join(this.runDir, 'db.sock');
    this.#database = path.join(folder, 'conf.db');
    this.#state = state;
    this.#environment = {
      OVS_RUNDIR: this.runDir,
      OVS_DBDIR: folder,
      OVS_LOGDIR: path.join(state.folder, 'log'),
      OVS_SYSCONFDIR: folder,
      // DPDK puts its runtime folder (telemetry socket) below this one.
      RUNTIME_DIRECTORY: state.folder,
    };
    mkdirSync(this.runDir, { recursive: true });
  }

  get switchProcess(): LabProcess | undefined {
    return this.#switchProcess;
  }

  get databaseProcess(): LabProcess | undefined {
    return this.#databaseProcess;
  }

  async startDatabase(signal?: AbortSignal): Promise<void> {
    const env = this.#environment;
    if (!existsSync(this.#database)) {
      await runProgram(programPath('ovsdb-tool', debianPackage), ['create', this.#database, schema], { env });
    }
    const started = await LabProcess.start(
      {
        name: 'ovsdb-server',
        program: programPath('ovsdb-server', debianPackage),
        args: [this.#database, `--remote=punix:${this.dbSocket}`, '--pidfile', '--log-file', '-vconsole:off'],
        env,
      },
      this.#state,
    );
    this.#databaseProcess = started;
    await started.ready({ what: 'the database answers', deadlineMs: 10_000, signal }, () =>
      this.vsctl('--no-wait', 'init'),
    );
  }

  /** Stops the database as an upgrade would, and starts it again over the same file. The switch reconnects by itself. */
  async restartDatabase(): Promise<void> {
    await this.#databaseProcess?.stop();
    await this.startDatabase();
  }

  async startSwitch(how: SwitchProgram, signal?: AbortSignal): Promise<void> {
    const started = await LabProcess.start(
      {
        name: 'ovs-vswitchd',
        program: how.program,
        args: [`unix:${this.dbSocket}`, '--pidfile', '--log-file', '-vconsole:off', ...how.args],
        env: this.#environment,
        ownNetwork: how.ownNetwork,
      },
      this.#state,
    );
    this.#switchProcess = started;
    await started.ready({ what: 'the switch answers', deadlineMs: how.deadlineMs, signal }, () =>
      this.appctl('version'),
    );
  }

  async killSwitch(): Promise<void> {
    await this.#switchProcess?.kill();
  }

  async stop(): Promise<void> {
    await this.#switchProcess?.stop();
    await this.#databaseProcess?.stop();
  }

  /** The running switch's own control socket; the file of one that was killed may lie beside it. */
  get controlSocket(): string {
    const ending = `.${this.#switchProcess?.pid}.ctl`;
    const name = readdirSync(this.runDir).find((each) => each.startsWith('ovs-vswitchd') && each.endsWith(ending));
    return path.join(this.runDir, name ?? `ovs-vswitchd${ending}`);
  }

  /** `ovs-vsctl`; waits until the switch has done it, unless told otherwise. */
  vsctl(...args: readonly string[]): Promise<string> {
    const program = programPath('ovs-vsctl', debianPackage);
    return runProgram(program, [`--db=unix:${this.dbSocket}`, '--timeout=20', ...args], { env: this.#environment });
  }

  appctl(...args: readonly string[]): Promise<string> {
    const program = programPath('ovs-appctl', debianPackage);
    return runProgram(program, ['-t', this.controlSocket, '--timeout=10', ...args], { env: this.#environment });
  }

  ofctl(command: string, bridge: string, ...args: readonly string[]): Promise<string> {
    const program = programPath('ovs-ofctl', debianPackage);
    const socket = `unix:${path.join(this.runDir, `${bridge}.mgmt`)}`;
    return runProgram(program, ['--timeout=10', command, socket, ...args], { env: this.#environment });
  }

  /** Waits for a sentence of the switch's own answers. */
  async untilAnswers<T>(what: string, deadlineMs: number, check: () => Promise<T | undefined | false>): Promise<T> {
    return until({ what, deadlineMs, everyMs: 50 }, check);
  }
}

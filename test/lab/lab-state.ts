import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type ProcessId, startTicksOf } from './process-id.ts';

/** Everything of a running lab that somebody else must be able to take away, even after a kill -9 of its owner. */
export interface LabState {
  readonly owner: ProcessId;
  /** Unique among labs of a machine; every DPDK file prefix starts with it. */
  readonly id: string;
  readonly processes: readonly (ProcessId & { readonly name: string })[];
  /** Sockets of the generators, by the name of the port. */
  readonly controls: Readonly<Record<string, string>>;
  /** Pages that this lab added to the machine's own. */
  readonly hugepagesAdded: number;
  readonly hugetlbfsMounted: boolean;
}

const fileName = 'lab.json';

/** The state of the lab in `folder`, or undefined where there is none (or none that can be read). */
export function readLabState(folder: string): LabState | undefined {
  try {
    return JSON.parse(readFileSync(path.join(folder, fileName), 'utf8')) as LabState;
  } catch {
    return undefined;
  }
}

/** Holds the state and writes it whole at each change, before what it describes is done. */
export class LabStateFile {
  readonly folder: string;
  #state: LabState;

  constructor(folder: string, id: string) {
    this.folder = folder;
    const owner = { pid: process.pid, startTicks: startTicksOf(process.pid) ?? '' };
    this.#state = { owner, id, processes: [], controls: {}, hugepagesAdded: 0, hugetlbfsMounted: false };
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.change({});
  }

  get state(): LabState {
    return this.#state;
  }

  change(part: Partial<LabState>): void {
    this.#state = { ...this.#state, ...part };
    const file = path.join(this.folder, fileName);
    writeFileSync(`${file}.new`, `${JSON.stringify(this.#state, undefined, 1)}\n`);
    renameSync(`${file}.new`, file);
  }

  addProcess(name: string, id: ProcessId): void {
    this.change({ processes: [...this.#state.processes, { name, ...id }] });
  }

  removeProcess(pid: number): void {
    // After the lab was stopped its folder is gone, and with it the list.
    if (existsSync(this.folder)) this.change({ processes: this.#state.processes.filter((each) => each.pid !== pid) });
  }

  addControl(name: string, socket: string): void {
    this.change({ controls: { ...this.#state.controls, [name]: socket } });
  }
}

/** Folders of labs in `parent`, whoever made them. */
export function labFolders(parent: string): string[] {
  return readdirSync(parent)
    .filter((name) => name.startsWith('fournines-lab-'))
    .map((name) => path.join(parent, name));
}

export function removeLabFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

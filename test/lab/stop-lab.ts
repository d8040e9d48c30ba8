import { giveBackHugepages, removeHugepageFiles, unmountHugetlbfs } from './hugepages.ts';
import { labFolders, readLabState, removeLabFolder } from './lab-state.ts';
import { isAlive, signalProcess } from './process-id.ts';
import { until } from './waiting.ts';

/**
 * Takes away everything of the lab in `folder`, from any process and whatever became of its owner: processes by pid and
 * start time, page files, added pages, the mount, and the folder with its sockets. False when there is no lab.
 */
export async function stopLab(folder: string): Promise<boolean> {
  const state = readLabState(folder);
  if (state === undefined) return false;
  for (const process of state.processes) signalProcess(process, 'SIGKILL');
  await until({ what: 'all programs of the lab are gone', deadlineMs: 10_000 }, () => !state.processes.some(isAlive));
  removeHugepageFiles(`${state.id}-`);
  await giveBackHugepages(state.hugepagesAdded);
  if (state.hugetlbfsMounted) await unmountHugetlbfs();
  removeLabFolder(folder);
  return true;
}

/** Takes away the labs below `parent` whose owner is gone. */
export async function sweepDeadLabs(parent: string): Promise<void> {
  for (const folder of labFolders(parent)) {
    const state = readLabState(folder);
    if (state !== undefined && !isAlive(state.owner)) await stopLab(folder);
  }
}

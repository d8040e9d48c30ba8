import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type LabState, labFolders, readLabState } from '../lab/lab-state.ts';
import { skipWithoutLab } from '../lab/presence.ts';
import { isAlive } from '../lab/process-id.ts';
import { until } from '../lab/waiting.ts';
import { Spawned } from './spawned.ts';

const main = fileURLToPath(new URL('../lab/main.ts', import.meta.url));
/** The machine's hugepages without those that labs of others have added meanwhile. */
const hugepages = () =>
  labFolders(tmpdir()).reduce(
    (pages, folder) => pages - (readLabState(folder)?.hugepagesAdded ?? 0),
    Number(readFileSync('/proc/sys/vm/nr_hugepages', 'utf8')),
  );

const running: Spawned[] = [];
const lab = (...args: string[]): Spawned => {
  const started = new Spawned(process.execPath, [main, ...args]);
  running.push(started);
  return started;
};
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop('SIGKILL');
});

async function startedLab(folder: string): Promise<{ owner: Spawned; state: LabState }> {
  const owner = lab('up', '--lab-only', '--json', '--folder', folder);
  await until({ what: 'the lab runs', deadlineMs: 90_000, hint: () => owner.stderr }, () => owner.stdout.includes('}'));
  const state = readLabState(folder);
  if (state === undefined) throw new Error('the lab has no state');
  return { owner, state };
}

function leftovers(folder: string, state: LabState): string[] {
  return [
    ...state.processes.filter(isAlive).map(({ name }) => `process ${name}`),
    ...(existsSync(folder) ? [folder] : []),
    ...(existsSync('/dev/hugepages') ? readdirSync('/dev/hugepages') : []).filter((name) => name.startsWith(state.id)),
  ];
}

describe.skipIf(skipWithoutLab)('the lab from the command line', () => {
  const newFolder = () => path.join(mkdtempSync(path.join(tmpdir(), 'fn-lab-')), 'lab');

  it('stop leaves nothing after a kill -9 of the lab itself', async () => {
    const pages = hugepages();
    const folder = newFolder();
    const { owner, state } = await startedLab(folder);
    expect(state.processes.map(({ name }) => name).sort()).toEqual(
      ['ovs-vswitchd', 'ovsdb-server', 'testpmd', 'vhu1', 'vhu2', 'vhu3', 'vhu4', 'wire'].sort(),
    );
    expect(await owner.stop('SIGKILL')).toBe('SIGKILL');
    // The programs die with their owner; files and pages wait for the stop.
    await until({ what: 'the programs end', deadlineMs: 10_000 }, () => !state.processes.some(isAlive));
    const stop = lab('stop', '--folder', folder);
    expect(await stop.end()).toBe(0);
    expect(leftovers(folder, state)).toEqual([]);
    await expect.poll(hugepages, { timeout: 5000 }).toBe(pages);
  });

  it('counts and bursts from another process; a second lab in the folder is refused; stop ends the owner', async () => {
    const pages = hugepages();
    const folder = newFolder();
    const { owner, state } = await startedLab(folder);

    const second = lab('up', '--lab-only', '--folder', folder);
    expect(await second.end()).toBe(3);
    expect(second.stderr).toContain(`process ${owner.child.pid}`);

    const burst = lab('burst', '--from', 'vhu3', '--count', '2500', '--pps', '50000', '--json', '--folder', folder);
    expect(await burst.end()).toBe(0);
    const told = JSON.parse(burst.stdout) as Record<string, string>;
    expect(told).toMatchObject({ from: 'vhu3', to: 'vhu4', attempted: '2500' });
    expect(Number(told['sent']) + Number(told['refused'])).toBe(2500);

    const status = lab('status', '--json', '--folder', folder);
    expect(await status.end()).toBe(0);
    const { ends } = JSON.parse(status.stdout) as { ends: { name: string; sent: string }[] };
    expect(ends.find(({ name }) => name === 'vhu3')?.sent).toBe(told['sent']);

    expect(await lab('stop', '--folder', folder).end()).toBe(0);
    expect(await owner.end()).toBe(0);
    expect(leftovers(folder, state)).toEqual([]);
    await expect.poll(hugepages, { timeout: 5000 }).toBe(pages);
  });
});

describe('bad usage of the lab is told with what to do', () => {
  it.each([
    ['an unknown verb', ['fly'], 2],
    ['an unknown option', ['--fast'], 2],
    ['a rate that is no number', ['burst', '--pps', 'much'], 2],
    ['no lab there', ['status', '--folder', '/nowhere/lab'], 3],
    ['a burst without a lab', ['burst', '--folder', '/nowhere/lab'], 3],
  ])('%s', async (_name, args, code) => {
    const run = lab(...args);
    expect(await run.end()).toBe(code);
    expect(run.stderr).toMatch(/^lab: .+\n {2}npm run lab/);
  });

  it('stop without a lab is fine', async () => {
    expect(await lab('stop', '--folder', '/nowhere/lab').end()).toBe(0);
  });
});

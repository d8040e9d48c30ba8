import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Spawned } from './spawned.ts';

const folder = mkdtempSync(join(tmpdir(), 'fn-simulate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function simulated(...options: string[]) {
  const running = Spawned.product('simulate', ...options);
  const code = await running.end();
  return { code, stdout: running.stdout, stderr: running.stderr };
}

describe('fournines simulate', () => {
  it('tells the same bytes for the same seed, with one worker or two', async () => {
    const options = ['--hosts', '3', '--hours', '1', '--seed', '9', '--compare', '--json'];
    const told = await simulated(...options, '--workers', '1');
    expect({ code: told.code, stderr: told.stderr }).toEqual({ code: 0, stderr: '' });
    expect(await simulated(...options, '--workers', '2')).toEqual(told);
    const { planners, goal } = JSON.parse(told.stdout) as {
      planners: { planner: string; packetsOffered: string }[];
      goal: { isReached: boolean };
    };
    expect(goal.isReached).toBeTypeOf('boolean');
    expect(planners.map(({ planner }) => planner)).toEqual(['none', 'auto-lb-cycles', 'auto-lb-group', 'ours']);
    expect(new Set(planners.map(({ packetsOffered }) => packetsOffered)).size).toBe(1);
  });

  it('draws a picture that can be read without seeing it', async () => {
    const picture = join(folder, 'picture.html');
    const { code, stdout } = await simulated('--hosts', '1', '--hours', '1', '--planner', 'none', '--picture', picture);
    expect(code).toBe(0);
    expect(stdout).toContain('1 hosts x 1 h, seed 1');
    const html = readFileSync(picture, 'utf8');
    expect(html).toContain('<title id="seconds-of-ports-lost">Seconds of ports lost</title><desc');
    expect(html).toContain('<th scope="row">none</th>');
    expect(html).not.toMatch(/https?:|<script/);
  });

  it('refuses what is too much, no number or no folder, and ends with 2', async () => {
    const tooMany = await simulated('--hosts', '10000', '--hours', '168');
    expect(tooMany.code).toBe(2);
    expect(tooMany.stderr).toContain('240000 at most');
    const odd = await simulated('--hosts', '1e3');
    expect(odd.code).toBe(2);
    expect(odd.stderr).toContain('It is a whole number from 1 to 10000.');
    const late = await simulated('--approve-after', '900');
    expect([late.code, late.stderr]).toEqual([2, expect.stringContaining('from 1 to 899')]);
    const nowhere = await simulated('--hosts', '1', '--hours', '1', '--picture', join(folder, 'gone', 'picture.html'));
    expect(nowhere.code).toBe(2);
    expect(nowhere.stderr).toContain('ENOENT');
  });
});

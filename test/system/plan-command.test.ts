import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { input, pmd, rxq } from '../unit/server/remediation/planner/inputs.ts';
import { Spawned } from './spawned.ts';

const folder = mkdtempSync(join(tmpdir(), 'fn-plan-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const crowded = input({
  pmds: [pmd(2), pmd(4)],
  rxqs: [rxq('vhu1/0', 2, 260_000), rxq('vhu2/0', 2, 710_000), rxq('vhu3/0', 4, 410_000)],
});

async function planOf(document: object | string, ...options: string[]) {
  const path = join(folder, 'input.json');
  const text = typeof document === 'string' ? document : JSON.stringify({ ...document, at: '2026-11-01T00:00:00Z' });
  writeFileSync(path, text);
  const running = Spawned.product('plan', '--input', path, ...options);
  const code = await running.end();
  return { code, stdout: running.stdout, stderr: running.stderr };
}

describe('fournines plan', () => {
  it('tells a plan, in the bytes of the format or in words, and ends with 0', async () => {
    const told = await planOf(crowded, '--json');
    expect(told).toEqual({
      code: 0,
      stdout:
        '{"decision":"plan","moves":[{"rxq":"vhu1/0","from":2,"to":4}],"before":{"maxUsagePpm":970000},' +
        '"predicted":{"maxUsagePpm":710000},"certificate":{"lowerBoundPpm":710000,"gapPpm":0,"optimalForMoves":2}}\n',
      stderr: '',
    });
    expect(await planOf(crowded, '--json')).toEqual(told);
    expect((await planOf(crowded)).stdout).toBe(
      'move vhu1/0 from core 2 to core 4\n' +
        'busiest thread: 97.0 % before, 71.0 % after\n' +
        'no placement can do better than 71.0 %; this plan is within 0.0 % of that\n' +
        'no acceptable plan of at most 2 moves does better\n',
    );
  });

  it('tells why there is none, and ends with 1', async () => {
    const { code, stdout } = await planOf({ ...crowded, frozen: true });
    expect(code).toBe(1);
    expect(stdout).toBe('no plan: the host is frozen: nothing may be moved\nbusiest thread: 97.0 %\n');
  });

  it('refuses a mistake with its line and key, and ends with 2', async () => {
    const { code, stdout, stderr } = await planOf('{\n "at": "2026-11-01T00:00:00Z",\n "weight": 1 }');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('FN_PLAN_INPUT');
    expect(stderr).toContain('line 3, key weight: unknown key');
  });
});

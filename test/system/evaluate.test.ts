import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { november, objectiveText, seen, textOf, unseen } from '../unit/server/slo/asking.ts';
import { Spawned } from './spawned.ts';

const folder = mkdtempSync(join(tmpdir(), 'fournines-evaluate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, bytes: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function evaluate(...words: string[]) {
  const spawned = Spawned.product('evaluate', ...words);
  const code = await spawned.end();
  return { code, out: spawned.stdout, err: spawned.stderr };
}

const hour = objectiveText({ calendar: ['1h', '2026-11-01 00:00:00', 'UTC'], target: '0.99' });
const slo = file('slo.yaml', hour);
const good = textOf([seen(november, 1000, 0, { repeat: 3600 })]);
// 37 slots of outage of 36 allowed.
const lost = textOf([seen(november, 1000, 1000, { repeat: 37 }), seen(november + 37, 1000, 0, { repeat: 3563 })]);
const hole = textOf([seen(november, 1000, 0, { repeat: 3000 }), unseen(november + 3000, 600)]);

test('each verdict has its exit code, and --json its stable bytes; gzip is unpacked', async () => {
  const [met, breached, undetermined] = await Promise.all([
    evaluate('--slo', slo, '--slots', file('good.ndjson', good), '--json', '--at', '2026-11-01T01:00:00Z'),
    evaluate('--slo', slo, '--slots', file('lost.ndjson', gzipSync(lost))),
    evaluate('--slo', slo, '--slots', file('hole.ndjson', hole), '--json'),
  ]);
  const quiet = (tier: string, long: number, short: number, threshold: string, state: string) =>
    `{"tier":"${tier}","long":{"bad":"0","total":"${long}"},"short":{"bad":"0","total":"${short}"},"threshold":"${threshold}","state":"${state}"}`;
  expect(met).toEqual({
    code: 0,
    err: '',
    out:
      '{"slo":"acme","window":{"from":"2026-11-01T00:00:00Z","to":"2026-11-01T01:00:00Z","zone":"UTC"},' +
      '"slots":{"expected":3600,"observed":3600,"bridged":0,"unknown":0,"excluded":0,"idle":0,"suspect":0},' +
      '"high":{"total":"3600","bad":"0"},"low":{"total":"3600","bad":"0"},"hli":"0","chli":"0",' +
      '"budget":{"allowed":"36","spent":"0","remaining":"36"},"verdict":"met",' +
      `"burn":[${quiet('T0', 60, 10, '1000', 'quiet')},${quiet('T1', 300, 30, '173', 'quiet')},` +
      `${quiet('T2', 3600, 300, '14.4', 'quiet')},${quiet('T3', 3600, 1800, '6', 'frozen')},` +
      `${quiet('T4', 3600, 3600, '1', 'frozen')}]}\n`,
  });
  expect([breached.code, breached.err]).toEqual([1, '']);
  expect(breached.out).toContain('acme: BREACHED');
  expect(breached.out).toContain('budget: 36 allowed, 37 spent, -1 left');
  // Nothing but text, where no terminal reads it.
  expect(breached.out).not.toContain('\u001b');
  expect(undetermined.code).toBe(1);
  expect(JSON.parse(undetermined.out)).toMatchObject({ verdict: 'undetermined', low: { bad: '600' } });
});

test('after a mistake there is no verdict, and the exit code is 2', async () => {
  const slots = file('slots.ndjson', good);
  const percent = file('percent.yaml', hour.replace('0.99', '99.99'));
  const told = await Promise.all([
    evaluate('--slo', slo, '--slots', file('bad.ndjson', `${good}{"port":"p1"}\n`)),
    evaluate('--slo', percent, '--slots', slots),
    evaluate('--slo', slo),
  ]);
  expect(told.map(({ code, out }) => [code, out])).toEqual(told.map(() => [2, '']));
  expect(told[0]?.err).toContain('bad.ndjson line 2, key direction: is missing');
  expect(told[0]?.err).toContain('(FN_SLOTS_FILE)');
  expect(told[1]?.err).toContain(
    '99.99 is a percent: a target is a ratio from 0 to 1\n  If 99.99 % is meant, write 0.9999.',
  );
  expect(told[2]?.err).toContain("required option '--slots <file>' not specified");
});

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultLimits, noConfig } from '../../alerts/state/config.ts';
import { step } from '../../alerts/state/machine.ts';
import { rowChanges } from '../../alerts/state/rows.ts';
import { emptyState } from '../../alerts/state/state.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { actRoutes } from '../../server/api/routes/acts.ts';
import { silenceRoutes } from '../../server/api/routes/silences.ts';
import type { ActPage } from '../../server/api/schema/acts.ts';
import type { AlertPage, Silence } from '../../server/api/schema/silences.ts';
import { type Api, bareApi } from '../../server/api/server.ts';
import { AlertStore } from '../../server/control/alert-store.ts';
import { anAlert } from '../unit/alerts/state/an-alert.ts';
import { type OpenControl, openControl } from './control-fixture.ts';

/** `fournines silences`, `alerts`, `breaches` and `audit` as programs, against the API over a real control store. */

const cli = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const now = Date.parse('2026-11-28T00:00:00Z') / 1_000;
const breach = 'ab'.repeat(16);
let control: OpenControl;
let api: Api;
let url = '';

beforeAll(async () => {
  control = await openControl();
  api = bareApi(silentLogger);
  const desk = { config: { ...noConfig, limits: defaultLimits } };
  await api.register(
    async (scope) => {
      const context = { control: { store: control.store }, desk, nowMs: () => now * 1_000 };
      silenceRoutes(scope as Api, context);
      actRoutes(scope as Api, context);
    },
    { prefix: '/api/v1' },
  );
  url = await api.listen({ host: '127.0.0.1', port: 0 });
  await control.store.query(
    `INSERT INTO breach (id, slo, slo_version, service, subject, ordinal, window_from, window_to, opened_at, changed_at,
       entry, state, sha256) VALUES ($1, 's', 1, 's', 'burn', 1, 0, 1, 0, 0, 1, 'open', '')`,
    [breach],
  );
});
afterAll(async () => {
  await api?.close();
  await control?.[Symbol.asyncDispose]();
});

async function fournines(...args: string[]): Promise<{ code: number; out: string }> {
  const run = promisify(execFile)(process.execPath, [cli, ...args, '--server', url]);
  return run.then(
    ({ stdout }) => ({ code: 0, out: stdout }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      code: error.code,
      out: error.stdout + error.stderr,
    }),
  );
}

/** Two alerts fire, and the first of them hides nothing; a silence that is kept quiets the first. */
async function remember(silences: readonly string[]): Promise<void> {
  const hash = () => 'x';
  const store = new AlertStore(control.store);
  const before = await store.load();
  let { state } = before;
  const take = (input: Parameters<typeof step>[1]) => {
    state = step(state, input, { now, hash }).state;
  };
  for (const slo of ['gold', 'lead'])
    take({ kind: 'alert', alert: anAlert({ labels: { slo, tenant: 'acme', breach } }) });
  for (const id of silences)
    take({
      kind: 'silenced',
      silence: {
        id,
        tenant: null,
        matchers: [{ label: 'slo', operator: '=', value: 'gold' }],
        startsAt: now,
        endsAt: now + 60,
      },
    });
  const changes = rowChanges(before.serial === 0n ? emptyState : before.state, state);
  await store.keep({ serial: before.serial, changes, deliveries: [], taken: [], takenSilences: [] });
}

const to = ['--to', '2026-11-28T01:00:00Z', '--comment', 'the card\u001b[31m is changed', '--by', 'kim'];

test('a silence is looked at before it is made, and none that would quiet everything is made', async () => {
  await remember([]);
  const preview = await fournines('silences', 'preview', 'slo=gold');
  expect([preview.code, preview.out.split('\n')[0]]).toEqual([0, 'it would quiet 1 of 2 alerts that fire now']);
  expect(preview.out).toContain('slo=gold');
  const all = await fournines('silences', 'make', 'slo=~.*', ...to);
  expect([all.code, all.out.includes('would match whatever comes')]).toEqual([2, true]);
});

test('a silence is made, listed, and ended once', async () => {
  const made = await fournines('silences', 'make', 'slo=gold', 'severity!=info', ...to, '--json');
  const { id } = JSON.parse(made.out) as Silence;
  const listed = await fournines('silences', 'list', '--state', 'active');
  expect(listed.out).toBe(
    `${id}  active  2026-11-28T00:00:00Z to 2026-11-28T01:00:00Z  operator  slo=gold severity!=info  ` +
      'kim: the card\\u001b[31m is changed\n',
  );
  const ended = await fournines('silences', 'end', id, '--by', 'lee');
  expect([ended.code, ended.out.includes('ended 2026-11-28T00:00:00.000Z by lee')]).toEqual([0, true]);
  const again = await fournines('silences', 'end', id, '--by', 'lee');
  expect([again.code, again.out.includes('FN_STATE_CONFLICT')]).toEqual([1, true]);
});

test('alerts say what keeps them from being told', async () => {
  await remember(['s1']);
  const { items } = JSON.parse((await fournines('alerts', 'list', '--json')).out) as AlertPage;
  const told = items.map(({ labels, silencedBy, breach: of }) => [labels['slo'], silencedBy, of]).sort();
  expect(told).toEqual([
    ['gold', ['s1'], breach],
    ['lead', [], breach],
  ]);
  expect((await fournines('alerts', 'list')).out).toContain('silenced by s1\n');
  // The operator's silence quiets no tenant.
  expect((await fournines('alerts', 'list', '--tenant', 'acme')).out).not.toContain('silenced');
  expect((await fournines('alerts', 'list', '--tenant', 'nobody')).out).toBe('no alerts\n');
});

test('comments are kept with who and how, and the log of acts says when it does not hold', async () => {
  expect((await fournines('breaches', 'comment', breach, 'looking', '--by', 'kim')).out).toBe(
    '2026-11-28T00:00:00.000Z  kim (cli): looking\n',
  );
  expect((await fournines('breaches', 'comment', breach)).out).toContain('kim (cli): looking\n');
  expect((await fournines('breaches', 'comment', '0'.repeat(32), 'nothing')).code).toBe(1);
  const { code, out } = await fournines('audit', '--subject', breach);
  expect([code, out.includes(`breach.commented  ${breach}  kim (cli)  looking`)]).toEqual([0, true]);
  await control.store.query('ALTER TABLE act DISABLE TRIGGER act_stays');
  await control.store.query('DELETE FROM act WHERE ordinal = 1');
  const broken = await fournines('audit', '--json');
  expect([broken.code, broken.out.includes('does not hold')]).toEqual([1, true]);
  expect((JSON.parse(broken.out.split('\n')[0] ?? '') as ActPage).chain).toBe('broken');
});

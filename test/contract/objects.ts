import { expect, it } from 'vitest';
import { FourninesError } from '../../core/runtime/error.ts';
import type { ControlStore } from '../../server/control/control-store.ts';
import { Objects } from '../../server/objects/objects.ts';
import { isoOf } from '../../server/slo/instant.ts';
import { agreement, all, availability, contract, delivery, service, tenant } from '../unit/server/objects/example.ts';

const quarter = 900;
/** 2026-11-10T12:00:00Z. */
const noon = 1_794_312_000;

/** Objects in any control store whose schema is up to date. */
export function objectTests(of: () => ControlStore): void {
  let nowMs = (noon + 7) * 1000;
  const room = async () => ({ [Symbol.dispose]: () => undefined });
  const objects = (pass: ConstructorParameters<typeof Objects>[2] = room) => new Objects(of(), () => nowMs, pass);
  const apply = (text: string, over: { from?: number; dryRun?: boolean } = {}) =>
    objects().apply({
      sources: [{ name: 'a.yaml', text }],
      from: over.from === undefined ? undefined : isoOf(over.from),
      dryRun: over.dryRun ?? false,
      by: 'ann',
    });
  const namesAt = async (at: number) =>
    (await objects().at(at)).map(({ kind, name, version }) => `${kind} ${name} ${version}`);
  const changesOf = async (text: string, over = {}) =>
    (await apply(text, over)).map(({ change, version, from }) => [change, version, from]);
  const tries = async (sql: string) => {
    const error = await of()
      .query(sql)
      .catch((thrown: FourninesError) => thrown);
    return error instanceof FourninesError ? error.context['sqlState'] : 'done';
  };

  it('objects that are new begin with the quarter hour; what is applied again is no new version', async () => {
    expect(await objects().revision()).toBe(0);
    expect(await changesOf(all, { dryRun: true })).toEqual(Array(6).fill(['created', 1, noon]));
    expect([await objects().revision(), await namesAt(noon)]).toEqual([0, []]);
    expect(await changesOf(all)).toEqual(Array(6).fill(['created', 1, noon]));
    expect(await changesOf(all.replaceAll('{ name: acme,', '{ # same\n  name: acme,'))).toEqual(
      Array(6).fill(['unchanged', 1, noon]),
    );
    expect(await objects().revision()).toBe(1);
    expect(await namesAt(noon - 1)).toEqual([]);
    expect(await namesAt(noon)).toHaveLength(6);
    const [told] = await objects().history('tenant', 'acme');
    expect(told).toMatchObject({
      version: 1,
      from: noon,
      to: null,
      witness: 'ann',
      body: { zone: 'Asia/Ho_Chi_Minh' },
    });
    expect(Math.abs((told?.recordedAtMs ?? 0) - Date.now())).toBeLessThan(600_000);
  });

  it('a change begins with the next quarter hour, and leaves what was as it was', async () => {
    const changed = await apply(availability.replace('0.9999 }', '0.99999 }'));
    expect(changed).toMatchObject([{ change: 'changed', version: 2, from: noon + quarter }]);
    expect(changed[0]?.differences).toEqual([
      { path: 'spec.objectives[0].target', before: '0.9999', after: '0.99999' },
    ]);
    const [first, second] = await objects().history('objective', 'gateway-availability');
    expect([first?.from, first?.to, second?.from, second?.to]).toEqual([noon, noon + quarter, noon + quarter, null]);
    expect(await namesAt(noon + quarter - 1)).toContain('objective gateway-availability 1');
    expect(await namesAt(noon + quarter)).toContain('objective gateway-availability 2');
    const within = await objects().within({ from: noon + quarter - 1, to: noon + quarter + 1 });
    expect(within.filter(({ name }) => name === 'gateway-availability').map(({ version }) => version)).toEqual([1, 2]);
    const ofOneKind = await objects().within({ from: noon + quarter - 1, to: noon + quarter + 1 }, 'objective');
    expect(ofOneKind).toEqual(within.filter(({ kind }) => kind === 'objective'));
    expect(ofOneKind.length).toBeLessThan(within.length);
  });

  it('a change in the past, off a quarter hour, or before one that is planned is refused with what to do', async () => {
    const change = delivery.replace('0.99995', '0.9995');
    await expect(apply(change, { from: noon })).rejects.toMatchObject({
      code: 'FN_OBJECT_FILE',
      message: expect.stringContaining(`a.yaml line 1: objective gateway-delivery has held before, and cannot change`),
    });
    await expect(apply(change, { from: noon + 60 })).rejects.toThrow('is not on a quarter hour of UTC');
    expect(await changesOf(change, { from: noon + 8 * quarter })).toEqual([['changed', 2, noon + 8 * quarter]]);
    await expect(apply(delivery)).rejects.toThrow(/version 2 of objective gateway-delivery begins .* --from/);
  });

  it('what was planned can be replaced before it begins: then it never held', async () => {
    expect(await changesOf(delivery, { from: noon + 8 * quarter })).toEqual([['changed', 3, noon + 8 * quarter]]);
    const history = await objects().history('objective', 'gateway-delivery');
    expect(history.map(({ from, to }) => [from, to])).toEqual([
      [noon, noon + 8 * quarter],
      [noon + 8 * quarter, noon + 8 * quarter],
      [noon + 8 * quarter, null],
    ]);
    expect(await namesAt(noon + 8 * quarter)).toContain('objective gateway-delivery 3');
    const within = await objects().within({ from: noon, to: noon + 9 * quarter });
    expect(within.filter(({ name }) => name === 'gateway-delivery').map(({ version }) => version)).toEqual([1, 3]);
    nowMs = (noon + 9 * quarter) * 1000 + 1;
  });

  it('a first version may begin in the past, once all that it needs has begun', async () => {
    const past = contract.replace('name: gateway-2026', 'name: gateway-2025');
    await expect(apply(past, { from: noon - quarter })).rejects.toThrow(
      `there is no service gateway before ${isoOf(noon)}`,
    );
    expect(await changesOf(past, { from: noon })).toEqual([['created', 1, noon]]);
  });

  it('nothing is applied when something is wrong, and all of it is told', async () => {
    const before = await objects().revision();
    const text = [
      tenant.replace('acme,', 'other,'),
      service.replace('name: gateway', 'name: two').replace('tenant: acme', 'tenant: nobody'),
      delivery.replace('name: gateway-delivery', 'name: lost').replace('[uplink,', '[uplank,'),
      agreement.replace('name: gateway-sla', 'name: sla').replace('  tenant: acme', '  tenant: other'),
    ].join('---\n');
    const error = await apply(text).catch((thrown: FourninesError) => thrown);
    expect((error as FourninesError).message.split('\n').map((line) => line.split('. ')[0])).toEqual([
      'a.yaml line 10, key spec.tenant: there is no tenant nobody',
      'a.yaml line 23, key spec.service: service gateway declares no port uplank: objectives name its ports, or HOST/PORT',
      'a.yaml line 35, key spec.service: service gateway belongs to tenant acme, not to other',
    ]);
    expect(await objects().revision()).toBe(before);
  });

  it('minutes are paid for what is counted in time', async () => {
    const byMinute = (name: string) =>
      agreement
        .replace('name: gateway-sla', 'name: by-minute')
        .replace(/schedule:[\s\S]*(?= {4}cap:)/, 'schedule: { kind: badMinutes, sharePerMinute: "0.001" }\n')
        .replace('objectives: [gateway-availability]', `objectives: [${name}]`);
    await expect(apply(byMinute('gateway-delivery'), { dryRun: true })).rejects.toThrow(
      'a.yaml line 7, key spec.objectives[1]: objective gateway-delivery counts packets',
    );
    expect(await changesOf(byMinute('gateway-availability'), { dryRun: true })).toMatchObject([
      ['created', 1, expect.any(Number)],
    ]);
  });

  it('nothing is paid for clean slots', async () => {
    const clean = delivery
      .replace('name: gateway-delivery', 'name: gateway-clean')
      .replace('{ sli: packetDelivery,', '{ sli: cleanSlots, lossRatioMax: "0.0001",')
      .replace('budgetingMethod: Occurrences', 'budgetingMethod: Timeslices');
    const paid = agreement
      .replace('name: gateway-sla', 'name: clean')
      .replaceAll('gateway-availability', 'gateway-clean')
      .replace('gateway-delivery', 'gateway-availability');
    await expect(apply(`${clean}---\n${paid}`, { dryRun: true })).rejects.toThrow('counts clean slots');
    expect(await changesOf(clean, { dryRun: true })).toMatchObject([['created', 1, expect.any(Number)]]);
  });

  it('what others need can neither end nor lose what they name, unless they go with it', async () => {
    const retire = (kind: string, name: string) =>
      `apiVersion: fournines/v1\nkind: Retirement\nmetadata: { name: ${name} }\nspec: { kind: ${kind} }\n`;
    await expect(apply(retire('Tenant', 'acme'))).rejects.toThrow(
      'service gateway needs it: there is no tenant acme from',
    );
    await expect(apply(service.replaceAll('backup', 'spare'))).rejects.toThrow(
      'objective gateway-availability needs it: service gateway declares no port backup',
    );
    const objective = retire('SLO', 'gateway-delivery');
    await expect(apply(objective)).rejects.toThrow('agreement gateway-sla needs it');
    const fewer = agreement.replace('[gateway-availability, gateway-delivery]', '[gateway-availability]');
    const at = noon + 10 * quarter;
    expect(await changesOf(`${objective}---\n${fewer}`)).toEqual([
      ['retired', 3, at],
      ['changed', 2, at],
    ]);
    expect(await namesAt(at)).not.toContain('objective gateway-delivery 3');
    expect(await changesOf(objective)).toEqual([['unchanged', 3, at]]);
    await expect(apply(retire('SLO', 'nothing'))).rejects.toThrow('there is no objective nothing to retire');
    expect(await changesOf(delivery, { from: at + quarter })).toEqual([['created', 4, at + quarter]]);
  });

  it('writers that race are put one behind the other: one change, one version', async () => {
    const target = (digits: string) => availability.replace('0.9999 }', `${digits} }`);
    const before = await objects().revision();
    const same = await Promise.all([apply(target('0.5')), apply(target('0.5')), apply(target('0.5'))]);
    expect(same.map(([told]) => told?.change).sort()).toEqual(['changed', 'unchanged', 'unchanged']);
    expect(await objects().revision()).toBe(before + 1);
    await Promise.all(['0.6', '0.7', '0.8'].map((digits) => apply(target(digits))));
    const history = await objects().history('objective', 'gateway-availability');
    expect(history.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(history.filter(({ to }) => to === null)).toHaveLength(1);
  });

  it('where there is no room nothing is applied, but what would be is told', async () => {
    const full = objects(async () => {
      throw new FourninesError('FN_DISK_FULL', 'no room');
    });
    const request = {
      sources: [{ name: 'a.yaml', text: contract.replace('gateway-2026', 'x') }],
      from: undefined,
      by: 'ann',
    };
    await expect(full.apply({ ...request, dryRun: false })).rejects.toMatchObject({ code: 'FN_DISK_FULL' });
    expect(await full.apply({ ...request, dryRun: true })).toMatchObject([{ change: 'created' }]);
    expect(await objects().history('contract', 'x')).toEqual([]);
  });

  it('what is exported is what is there', async () => {
    const text = await objects().export();
    expect((await apply(text)).filter(({ change }) => change !== 'unchanged')).toEqual([]);
    expect(await objects().export(noon - 1)).toBe('');
    expect(await objects().export(noon)).toContain('name: gateway-sla');
  });

  it('the database itself lets nobody change, remove, overlap or forge a version', async () => {
    expect(await tries("UPDATE object_version SET body = '{}' WHERE name = 'acme'")).toBe('23001');
    expect(await tries('UPDATE object_version SET valid_to = valid_to + 900 WHERE valid_to > 0')).toBe('23001');
    expect(await tries('DELETE FROM object_version')).toBe('23001');
    const insert = (from: number, sha: string) =>
      `INSERT INTO object_version (kind, name, version, valid_from, body, sha256, begun)
       VALUES ('tenant', 'acme', 9, ${from}, '{}', ${sha}, 1)`;
    const right = "encode(sha256('{}'), 'hex')";
    expect(await tries(insert(noon - 9000, right))).toBe('23P01');
    expect(await tries(insert(noon + 1, right))).toBe('23P01');
    expect(await tries(insert(noon - 9000, "'beef'").replace("'acme'", "'new'"))).toBe('23514');
    expect(await tries(insert(noon + 1, right).replace("'acme'", "'new'"))).toBe('23514');
  });
}

import { expect, it } from 'vitest';
import { hashedRow, ownerOf, recordOf, rowOf } from '../../server/breach/change-row.ts';
import { acknowledge, type Step, takeReading } from '../../server/breach/machine.ts';
import type { BreachChange, BreachRecord } from '../../server/breach/record.ts';
import { BreachStore, type NewChange } from '../../server/control/breach-store.ts';
import type { ControlStore } from '../../server/control/control-store.ts';
import { aReading, ofSlots, seenSlots, someTerms, type Told } from '../unit/server/breach/readings.ts';

/** The changes of one objective, made as a server makes them. */
class Author {
  readonly slo: string;
  readonly tenant: string;
  records: readonly BreachRecord[] = [];
  readonly heads = new Map<string, NewChange>();

  constructor(slo: string, tenant = 'acme') {
    this.slo = slo;
    this.tenant = tenant;
  }

  read(told: Told): NewChange[] {
    const reading = aReading(told);
    return this.took(takeReading(this.records, { reading, terms: someTerms, now: reading.at }));
  }

  took({ records, changes }: Step, bundle?: Buffer): NewChange[] {
    this.records = records;
    return changes.map((change) => this.#written(change, bundle));
  }

  #written(change: BreachChange, bundle: Buffer | undefined): NewChange {
    const objective = { ...aReading({ evaluation: ofSlots([]) }).objective, name: this.slo };
    const id = JSON.stringify(change.record.key);
    const shared = {
      owner: ownerOf(objective, this.tenant),
      now: change.at,
      engine: 'test',
      evidence: null,
      causes: [],
    };
    const written = { ...hashedRow(rowOf(change, { ...shared, previous: this.heads.get(id) })), bundle };
    this.heads.set(id, written);
    return written;
  }
}

const bad = (n: number) => seenSlots(Array<'bad'>(n).fill('bad'));

export function breachTests(of: () => ControlStore): void {
  const breaches = () => new BreachStore(of());

  it('a breach is read back as it was written: the machine goes on where it was', async () => {
    const author = new Author('read-back');
    await breaches().append(author.read({ ...bad(6), burn: { T0: 'firing' } }));
    await breaches().append(author.read({ ...bad(11), burn: { T0: 'firing' } }));
    const loaded = await breaches().load('read-back', 0);
    const records = loaded.map(({ row }) => recordOf(row.record));
    const told = (of: readonly BreachRecord[]) =>
      // What a reading told without a change is read again by the next one.
      new Map(of.map((record) => [record.key.subject, { ...record, against: 0n, until: 0 }]));
    expect(told(records)).toEqual(told(author.records));
    expect([...told(records).values()].map(({ state, entry }) => [state, entry]).sort()).toEqual([
      ['open', 2],
      ['risk', 1],
    ]);
    const again = takeReading(records, {
      reading: aReading({ ...bad(11), burn: { T0: 'firing' } }),
      terms: someTerms,
      now: 0,
    });
    expect(again.changes).toEqual([]);
  });

  it('a change that is written twice is there once; another one in its place is refused', async () => {
    const author = new Author('twice');
    const other = new Author('twice');
    const first = author.read(bad(6));
    await breaches().append(first);
    await breaches().append(first);
    expect((await breaches().find(first[0]?.row.breach as string))?.changes).toHaveLength(1);
    const lost = breaches().append(other.read(bad(8)));
    await expect(lost).rejects.toMatchObject({ code: 'FN_LEASE_LOST' });
    // All of them or none.
    const next = [...author.read({ ...bad(11), burn: { T1: 'firing' } })];
    const forged = { ...(next[1] as NewChange), row: { ...(next[1] as NewChange).row, entry: 9 } };
    await expect(breaches().append([next[0] as NewChange, forged])).rejects.toMatchObject({ code: 'FN_LEASE_LOST' });
    expect(await breaches().load('twice', 0)).toHaveLength(1);
  });

  it('changes follow each other by hash; what is changed, removed or added in between is told by its number', async () => {
    const author = new Author('chain');
    for (const n of [5, 8, 9, 10, 11]) await breaches().append(author.read(bad(n)));
    const [{ row: { breach = '' } = {} } = {}] = await breaches().load('chain', 0);
    const found = await breaches().find(breach);
    expect(found?.changes.map(({ row }) => row.budgetLevel)).toEqual([50, 75, 90, 100, 100]);
    expect(found?.brokenAt).toBeUndefined();
    const refused = { context: { sqlState: '23001' } };
    await expect(of().query(`UPDATE breach_change SET entry = 7 WHERE breach_id = $1`, [breach])).rejects.toMatchObject(
      refused,
    );
    await expect(of().query(`DELETE FROM breach_change WHERE breach_id = $1`, [breach])).rejects.toMatchObject(refused);
    const without = async (sql: string) =>
      of()
        .transaction(async (session) => {
          await session.script('ALTER TABLE breach_change DISABLE TRIGGER breach_change_stays');
          await session.query(sql, [breach]);
          const one: ControlStore = { ...of(), query: (...call) => session.query(call[0], call[1]) };
          throw new Error(String((await new BreachStore(one).find(breach))?.brokenAt));
        })
        .catch((error: Error) => error.message);
    const rewritten = `document = replace(document, '"state":"risk"', '"state":"open"')`;
    const rehashed = `sha256 = encode(sha256(convert_to(replace(document, '"state":"risk"', '"state":"open"'), 'UTF8')), 'hex')`;
    expect(await without(`UPDATE breach_change SET ${rewritten}, ${rehashed} WHERE breach_id = $1 AND entry = 2`)).toBe(
      '3',
    );
    expect(await without(`DELETE FROM breach_change WHERE breach_id = $1 AND entry = 3`)).toBe('3');
    expect(await without(`DELETE FROM breach_change WHERE breach_id = $1 AND entry = 5`)).toBe('5');
  });

  it('a chain that grows while it is read holds', async () => {
    const author = new Author('growing');
    await breaches().append(author.read(bad(5)));
    const [{ row: { breach = '' } = {} } = {}] = await breaches().load('growing', 0);
    let reads = 0;
    const grows: Pick<ControlStore, 'query'> = {
      query: async (...call) => {
        const rows = await of().query(...call);
        if (reads++ === 0) await breaches().append(author.read(bad(8)));
        return rows;
      },
    };
    const found = await new BreachStore({ ...of(), ...grows }).find(breach);
    expect(found).toMatchObject({ brokenAt: undefined });
    expect(found?.changes).toHaveLength(1);
    expect((await breaches().find(breach))?.changes).toHaveLength(2);
  });

  it('a bundle comes back byte by byte, however many parts it has', async () => {
    const author = new Author('bundled');
    const bundle = Buffer.alloc(1_000_000, 'a bundle of bytes ');
    await breaches().append(author.read(bad(6)));
    const [record] = author.records;
    const step = acknowledge(author.records, record as BreachRecord, { by: 'kim', comment: '', at: 20_000 });
    const [change] = author.took(step, bundle);
    await breaches().append([change as NewChange]);
    const { breach } = (change as NewChange).row;
    expect(await breaches().bundle(breach, 2)).toEqual(bundle);
    expect(await breaches().bundle(breach, 1)).toBeUndefined();
  });

  it('breaches are listed newest first, page by page, by what they are', async () => {
    for (const [i, slo] of ['list-a', 'list-b', 'list-c'].entries()) {
      const author = new Author(slo, i === 2 ? 'other' : 'listed');
      await breaches().append(author.read({ ...bad(20 + i), burn: { T2: 'firing' } }));
      await breaches().append(author.read(bad(25)));
    }
    const named = async (query: Partial<Parameters<BreachStore['list']>[0]>) =>
      (await breaches().list({ limit: 50, ...query }))
        .filter(({ row }) => row.slo.name.startsWith('list-'))
        .map(({ row }) => `${row.slo.name} ${row.subject} ${row.state}`);
    expect((await named({})).slice(0, 2).every((each) => each.startsWith('list-c'))).toBe(true);
    expect(await named({})).toHaveLength(6);
    expect(await named({ slo: 'list-b', open: true })).toEqual(['list-b budget open']);
    expect(await named({ slo: 'list-b', open: false })).toEqual(['list-b burn resolved']);
    expect(await named({ tenant: 'other', state: 'resolved' })).toEqual(['list-c burn resolved']);
    const pages: string[] = [];
    for (let after: { openedAt: number; id: string } | undefined; ; ) {
      const page = await breaches().list({ tenant: 'listed', limit: 3, after });
      pages.push(...page.map(({ row }) => row.breach));
      const last = page.at(-1);
      if (last === undefined) break;
      after = { openedAt: last.row.record.openedAt, id: last.row.breach };
    }
    expect(new Set(pages).size).toBe(4);
    expect(pages).toHaveLength(4);
  });
}

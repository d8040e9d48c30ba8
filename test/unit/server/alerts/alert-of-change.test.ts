import { describe, expect, test } from 'vitest';
import type { Alert } from '../../../../alerts/alert.ts';
import { alertLinks } from '../../../../server/alerts/alert-links.ts';
import { alertOfChange } from '../../../../server/alerts/alert-of-change.ts';
import type { LikelyCause } from '../../../../server/api/schema/breaches.ts';
import { type HashedRow, hashedRow, ownerOf, rowOf } from '../../../../server/breach/change-row.ts';
import { acknowledge, type Step, takeReading } from '../../../../server/breach/machine.ts';
import type { BreachChange, BreachRecord } from '../../../../server/breach/record.ts';
import { aReading, aWindow, ofSlots, type Slot, seenSlots, someTerms, type Told } from '../breach/readings.ts';

const { from } = aWindow;

/** Alerts of the changes that readings make, in their order. */
class Teller {
  records: readonly BreachRecord[] = [];
  readonly #heads = new Map<string, HashedRow>();

  read(told: Told, causes: readonly LikelyCause[] = []): Alert[] {
    const reading = aReading(told);
    return this.took(takeReading(this.records, { reading, terms: someTerms, now: reading.at }), causes);
  }

  took({ records, changes }: Step, causes: readonly LikelyCause[] = []): Alert[] {
    this.records = records;
    return changes.map((change) => this.#alert(change, causes));
  }

  #alert(change: BreachChange, causes: readonly LikelyCause[]): Alert {
    const key = JSON.stringify(change.record.key);
    const owner = ownerOf(aReading({ evaluation: ofSlots([]) }).objective, 'acme-tenant');
    const shared = { owner, now: change.at, engine: 'test', evidence: null, causes };
    const row = hashedRow(rowOf(change, { ...shared, previous: this.#heads.get(key) }));
    this.#heads.set(key, row);
    return alertOfChange(row.row, 'availability');
  }
}

const bad = (n: number) => seenSlots(Array<Slot>(n).fill('bad'));
const good = { evaluation: ofSlots(Array<Slot>(100).fill('good')) };

describe('a breach as an alert', () => {
  test('is one alert from its first change to its last, whatever its figures become', () => {
    const teller = new Teller();
    const [opened] = teller.read({ ...good, burn: { T2: 'firing' }, at: from + 1 });
    const [faster] = teller.read({ ...good, burn: { T0: 'firing', T2: 'firing' }, at: from + 2 });
    const [over] = teller.read({ ...good, at: from + 3 });
    expect([opened?.fingerprint, faster?.fingerprint]).toEqual([over?.fingerprint, over?.fingerprint]);
    expect([opened?.entry, faster?.entry, over?.entry]).toEqual([1, 2, 3]);
    expect(opened?.labels).toMatchObject({ alertname: 'BudgetBurns', slo: 'acme', tenant: 'acme-tenant' });
    expect(opened).toMatchObject({ status: 'firing', startsAt: from + 1, endsAt: null });
    expect(over).toMatchObject({ status: 'resolved', startsAt: from + 1, endsAt: from + 3 });
    const events = [opened, faster, over].map((alert) => alert?.facts.event);
    expect(events).toEqual(['sla.breach.opened', 'sla.breach.updated', 'sla.breach.closed']);
  });

  test('that comes again is another alert', () => {
    const teller = new Teller();
    const prints = [{ T2: 'firing' } as const, {}, { T2: 'firing' } as const].flatMap((burn, i) =>
      teller.read({ ...good, burn, at: from + 1 + i }).map(({ fingerprint }) => fingerprint),
    );
    expect(prints[0]).toBe(prints[1]);
    expect(prints[2]).not.toBe(prints[0]);
  });

  test.each([
    [{ T0: 'firing' } as const, 'critical'],
    [{ T2: 'firing' } as const, 'critical'],
    [{ T3: 'firing' } as const, 'warning'],
    [{ T4: 'firing' } as const, 'info'],
  ])('%j is %s', (burn, severity) => {
    const [alert] = new Teller().read({ ...good, burn, at: from + 1 });
    expect(alert?.severity).toBe(severity);
  });

  test('says what is left of the budget, and when it is gone at the pace of the longest tier that fires', () => {
    const teller = new Teller();
    // 10 of 100 may be bad, 4 were: 6 are left, and all of the last 60 s of T0 and of the last hour of T2 were bad.
    const seen = seenSlots([...Array<Slot>(4).fill('bad'), ...Array<Slot>(50).fill('good')]);
    const [alert] = teller.read({ ...seen, burn: { T0: 'firing', T2: 'firing' } });
    expect(alert?.facts.budget).toEqual({ allowed: '10', spent: '4', remaining: '6' });
    // 6 x 3600 s / 60.
    expect(alert?.facts.exhaustedAt).toBe(from + 54 + 360);
    const [gone] = new Teller()
      .read({ ...bad(11), burn: {} })
      .filter(({ labels }) => labels['alertname'] === 'BudgetGone');
    expect(gone).toMatchObject({ severity: 'critical', facts: { exhaustedAt: null } });
  });

  test('of a budget says which level is reached', () => {
    const teller = new Teller();
    const levels = [5, 8, 10].flatMap((n) =>
      teller.read({ ...bad(n), burn: {} }).map(({ facts }) => facts.budgetLevel),
    );
    expect(levels).toEqual([50, 75, 100]);
  });

  test('says in plain words what is wrong and how bad it is, not how the change came to be written', () => {
    const teller = new Teller();
    const seen = seenSlots([...Array<Slot>(4).fill('bad'), ...Array<Slot>(50).fill('good')]);
    const firing = teller.read({ ...seen, burn: { T2: 'firing', T4: 'firing' }, at: from + 54 });
    const over = teller.read({ ...good, burn: {}, at: from + 100 });
    expect([...firing, ...over].map(({ facts }) => facts.summary)).toEqual([
      'acme (service acme) spends its budget 10 times too fast or faster: 60 of 60 seconds are bad in 1 h (T2)',
      'acme (service acme) spends its budget no longer too fast: 0 bad, 10 allowed',
    ]);
    const levels = new Teller();
    const said = [5, 8, 11].flatMap((n) => levels.read({ ...bad(n), burn: {} }).map(({ facts }) => facts.summary));
    expect(said).toEqual([
      '50 % of the budget of acme (service acme) is gone: 5 bad, 10 allowed',
      '75 % of the budget of acme (service acme) is gone: 8 bad, 10 allowed',
      'acme (service acme) is broken, whatever else comes: 11 bad, 10 allowed',
    ]);
    const silences = new Teller();
    const stale = { since: from + 3, hosts: ['h1'] };
    const [silent] = silences.read({ ...bad(3), burn: {}, stale, at: from + 60 });
    const [back] = silences.read({ ...bad(3), burn: {}, at: from + 70 });
    expect([silent, back].map((alert) => alert?.facts.summary)).toEqual([
      'acme (service acme): no complete slots come: h1',
      'acme (service acme): data comes again',
    ]);
  });

  test('that nothing comes makes burns of its objective unknown, and nothing else', () => {
    const teller = new Teller();
    const [burn] = teller.read({ ...bad(3), burn: { T2: 'firing' }, at: from + 3 });
    const stale = { since: from + 3, hosts: ['h1'] };
    const [silent] = teller.read({ ...bad(3), burn: { T2: 'frozen' }, stale, at: from + 60 });
    expect(silent?.labels).toMatchObject({ alertname: 'DataStale' });
    expect(burn?.labels).toMatchObject(silent?.freezes ?? {});
    expect(silent?.freezes).toEqual({ alertname: 'BudgetBurns', slo: 'acme' });
    expect(burn?.freezes).toBeUndefined();
    const back = teller.read({ ...bad(3), burn: { T2: 'firing' }, at: from + 70 });
    expect(back.map(({ status, freezes }) => [status, freezes])).toEqual([['resolved', silent?.freezes]]);
  });

  test('that somebody has seen says who', () => {
    const teller = new Teller();
    teller.read({ ...good, burn: { T2: 'firing' }, at: from + 1 });
    const [seen] = teller.took(
      acknowledge(teller.records, teller.records[0] as BreachRecord, { by: 'somebody', comment: '', at: from + 2 }),
    );
    expect(seen).toMatchObject({ status: 'firing', facts: { acknowledgedBy: 'somebody' } });
  });

  test('carries what ran beside it, with a number that nobody knows as unknown', () => {
    const cause = { cause: 'vhost_ring_full', host: 'h1', port: 'p1', packets: '12', detail: '' };
    const wait = { cause: 'wait', host: 'h1', port: '', packets: null, detail: '' };
    const [alert] = new Teller().read({ ...bad(11), burn: {} }, [cause, wait]);
    expect(alert?.facts.causes.map(({ packets }) => packets)).toEqual(['12', null]);
    expect(alert?.facts.causes.map(({ owner }) => owner)).toEqual(['unknown', 'unknown']);
  });

  test('names the owner of a cause, as far as rules had said so when the change was written', () => {
    const none = { provider: '0', tenant: '0', contract: '0', unknown: '0' };
    const owners = [{ tenant: '12' }, { provider: '9', unknown: '3' }, { unknown: '12' }].map((of) => {
      const owners = { ...none, ...of };
      const cause = { cause: 'vhost_ring_full', host: 'h1', port: 'p1', packets: '12', detail: '', owners };
      const [alert] = new Teller().read({ ...bad(11), burn: {} }, [cause]);
      expect(alert?.facts.causes[0]?.owners).toEqual(owners);
      return alert?.facts.causes[0]?.owner;
    });
    expect(owners).toEqual(['tenant', 'several', 'unknown']);
  });

  test('leads to its time on the page, to the port that lost most, and to whose that was', () => {
    const drops = { cause: 'vhost_ring_full', host: 'h/1', port: 'p 1', packets: '12', detail: '' };
    const wait = { cause: 'steal', host: 'h1', port: '', packets: null, detail: '' };
    const teller = new Teller();
    const [opened] = teller.read({ ...good, burn: { T2: 'firing' }, at: from + 50 }, [wait, drops]);
    // 10,000 s is 02:46:40; it begins five minutes before the breach.
    const range = 'from=1970-01-01T02%3A42%3A30Z&to=1970-01-01T02%3A47%3A30Z';
    expect(opened?.facts.links).toEqual({
      page: `/breaches/${opened?.labels['breach']}?${range}`,
      evidence: null,
      timeline: `/hosts/h%2F1/ports/p%201?tab=timeline&${range}`,
      explain: `/api/v1/explain?host=h%2F1&port=p+1&${range}`,
    });
    const later = { breach: 'b', entry: 9, evidence: null, causes: [], record: { openedAt: 10_050 } };
    expect(alertLinks(later, 96_450)).toEqual({
      page: '/breaches/b?from=1970-01-01T20%3A47%3A30Z&to=1970-01-02T02%3A47%3A30Z',
      evidence: null,
    });
  });
});

import { describe, expect, test } from 'vitest';
import { monthSpan, piecesOf } from '../../../../server/credits/month-pieces.ts';
import type { Version } from '../../../../server/objects/object.ts';
import { isoOf } from '../../../../server/slo/instant.ts';
import { Zone } from '../../../../server/slo/zone-time.ts';
import { second } from '../slo/asking.ts';
import { agreementBody, version } from './versions.ts';

const october = monthSpan('2026-10', new Zone('UTC')) as { from: number; to: number };
const on = (day: number) => second(`2026-10-${String(day).padStart(2, '0')}T00:00:00Z`);

function contract(monthlyFee: string, from: number, to: number | null = null, currency = 'VND'): Version<'contract'> {
  const items = [{ name: 'port', currency, monthlyFee }];
  return version('contract', 'acme-contract', { service: 'acme', rates: [], items }, from, to);
}
const service = (from: number, to: number | null = null) =>
  version('service', 'acme', { displayName: 'Acme', tenant: 'acme', ports: [] }, from, to);
const objective = (from: number, to: number | null = null, name = 'acme') =>
  version('objective', name, { service: 'acme', openslo: '', rolling: null, coverageFloor: '0.999' }, from, to);

function fees(versions: readonly Version[], agreement = version('agreement', 'gold', agreementBody, 0)) {
  return piecesOf(agreement, october, versions)?.pieces.map(({ from, to, fee, objectives }) => [
    `${isoOf(from).slice(8, 10)}-${isoOf(to).slice(5, 10)}`,
    fee.text,
    fee.exact.num / fee.exact.den,
    objectives.length,
  ]);
}

describe('a month', () => {
  test.each<[string, string, string, string]>([
    ['2026-11', 'Asia/Ho_Chi_Minh', '2026-10-31T17:00:00Z', '2026-11-30T17:00:00Z'],
    ['2026-03', 'Europe/Paris', '2026-02-28T23:00:00Z', '2026-03-31T22:00:00Z'],
    ['2028-02', 'UTC', '2028-02-01T00:00:00Z', '2028-03-01T00:00:00Z'],
    ['2026-12', 'UTC', '2026-12-01T00:00:00Z', '2027-01-01T00:00:00Z'],
  ])('%s in %s', (month, zone, from, to) => {
    expect(monthSpan(month, new Zone(zone))).toEqual({ from: second(from), to: second(to) });
  });
  test.each(['2026-13', '2026-00', '2026-1', '26-01', '', '1969-12', '2106-03'])('%j is none', (month) => {
    expect(monthSpan(month, new Zone('UTC'))).toBeUndefined();
  });
});

describe('what is due for a month', () => {
  test('is the fee; for a part of it by slots', () => {
    expect(fees([service(0), objective(0), contract('31000', 0)])).toEqual([['01-11-01', '31000', 31_000n, 1]]);
    const late = [service(0), objective(0), contract('31000', on(11))];
    expect(fees(late)).toEqual([['01-11-01', '31000 x 1814400/2678400', 21_000n, 1]]);
  });

  test('of a service that ends, to its end', () => {
    const ended = [service(0, on(11)), objective(0), contract('31000', 0)];
    expect(fees(ended)).toEqual([['01-11-01', '31000 x 864000/2678400', 10_000n, 1]]);
  });

  test('of a fee that changed, each for its time; the month is still judged as one', () => {
    const changed = [service(0), objective(0), contract('31000', 0, on(11)), contract('62000', on(11))];
    const text = '31000 x 864000/2678400 + 62000 x 1814400/2678400';
    expect(fees(changed)).toEqual([['01-11-01', text, 52_000n, 1]]);
  });

  test('is cut where an objective that pays was changed, and nowhere else', () => {
    const cut = [
      service(0),
      objective(0, on(11)),
      objective(on(11)),
      objective(on(5), null, 'other'),
      contract('31000', 0),
    ];
    expect(fees(cut)).toEqual([
      ['01-10-11', '31000 x 864000/2678400', 10_000n, 1],
      ['11-11-01', '31000 x 1814400/2678400', 21_000n, 1],
    ]);
    const withdrawn = [service(0), objective(0), objective(on(11), on(11)), contract('31000', 0)];
    expect(fees(withdrawn)).toEqual([['01-11-01', '31000', 31_000n, 1]]);
  });

  test('of an agreement that holds for a part, is that part; of one that does not, nothing', () => {
    const rest = [service(0), objective(0), contract('31000', 0)];
    expect(fees(rest, version('agreement', 'gold', agreementBody, on(22)))).toEqual([
      ['22-11-01', '31000 x 864000/2678400', 10_000n, 1],
    ]);
    expect(fees(rest, version('agreement', 'gold', agreementBody, 0, on(1)))).toBeUndefined();
  });

  test('is nothing before there is a contract, and of other services', () => {
    const other: Version<'contract'> = { ...contract('31000', 0), body: { service: 'x', rates: [], items: [] } };
    expect(fees([service(0), objective(0), other])).toEqual([['01-11-01', '0', 0n, 1]]);
  });

  test('names what is paid for, and each currency', () => {
    const both = [service(0), contract('1', 0, on(5), 'USD'), contract('1', on(5))];
    const month = piecesOf(version('agreement', 'gold', agreementBody, 0), october, both);
    expect(month).toMatchObject({ items: ['port'], currencies: ['USD', 'VND'] });
  });
});

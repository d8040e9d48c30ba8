import { describe, expect, it } from 'vitest';
import { counterMap } from '../../../../core/counters/counter-map.ts';
import { type CounterRow, type DriverName, driverNames } from '../../../../core/counters/map-types.ts';
import { type CauseReading, causesOf, coverageCausesOf, ovsCausesOf } from '../../../../core/counters/normalise.ts';
import {
  coverageExpectations,
  driverExpectations,
  type Expected,
  endedExpectations,
  portExpectations,
} from './expectations.ts';

const lost = 7n;

function alone(counter: string): ReadonlyMap<string, bigint> {
  return new Map([[counter, lost]]);
}

function said(readings: readonly CauseReading[]): string {
  return readings
    .map(({ direction, cause, place, scope, packets, widthBits }) => {
      const width = widthBits === 32 ? ' 32' : '';
      const many = packets === lost ? '' : ` ${packets}`;
      return `${direction} ${cause} ${place}${scope === 'device' ? ' card' : ''}${width}${many}`;
    })
    .join(', ');
}

function sampleOf(row: CounterRow): string {
  return row.counter.replaceAll('{q}', '0').replaceAll('{n}', '3');
}

/** A row nobody expects anything of fails, and so does an expectation without a row. */
function expectAllRows(rows: readonly CounterRow[], expected: Expected): void {
  expect(rows.map(sampleOf).sort()).toEqual(Object.keys(expected).sort());
}

describe('every row of a driver alone gives its cause', () => {
  it.each(driverNames)('%s: no row is without an expectation', (driver) => {
    expectAllRows(counterMap.drivers[driver].rows, driverExpectations[driver] ?? {});
  });

  const cases = Object.entries(driverExpectations).flatMap(([driver, expected]) =>
    Object.entries(expected).map(([counter, cause]) => [driver as DriverName, counter, cause] as const),
  );
  it.each(cases)('%s %s: %s', (driver, counter, cause) => {
    expect(said(causesOf(driver, alone(counter)))).toBe(cause);
  });
});

describe('every row of an OVS port alone gives its cause', () => {
  it.each(Object.keys(counterMap.ovsPorts))('%s: no row is without an expectation', (type) => {
    const rows = counterMap.ovsPorts[type]?.rows ?? [];
    const current = rows.filter((row) => row.until === undefined);
    expectAllRows(current, portExpectations[type] ?? {});
    const ended = rows.filter((row) => row.until !== undefined);
    expect(ended.map(sampleOf).sort()).toEqual(Object.keys(endedExpectations[type] ?? {}).sort());
  });

  const cases = Object.entries(portExpectations).flatMap(([type, expected]) =>
    Object.entries(expected).map(([counter, cause]) => [type, counter, cause] as const),
  );
  it.each(cases)('%s %s: %s', (type, counter, cause) => {
    expect(said(ovsCausesOf(type, '4.0.0', alone(counter)))).toBe(cause);
  });

  const ended = Object.entries(endedExpectations).flatMap(([type, expected]) =>
    Object.entries(expected).map(([counter, [release, cause]]) => [type, counter, release, cause] as const),
  );
  it.each(ended)('%s %s in OVS %s: %s', (type, counter, release, cause) => {
    expect(said(ovsCausesOf(type, release, alone(counter)))).toBe(cause);
  });
});

describe('every process-wide counter alone gives its cause', () => {
  it('no row is without an expectation', () => expectAllRows(counterMap.coverage.rows, coverageExpectations));

  it.each(Object.entries(coverageExpectations))('%s: %s', (counter, cause) => {
    expect(said(coverageCausesOf(alone(counter)))).toBe(cause);
  });
});

describe('the map is sound', () => {
  const sets = [...Object.entries(counterMap.drivers), ...Object.entries(counterMap.ovsPorts)];
  it.each(sets)(
    '%s: aliases and parts name a row of the set, and nothing that is filtered is a loss',
    (_, { rows }) => {
      const names = new Set(rows.map((row) => row.counter));
      for (const row of rows) {
        expect(row.of === undefined || names.has(row.of), row.counter).toBe(true);
        expect(row.of === undefined, row.counter).toBe(row.role !== 'alias' && row.role !== 'part');
        for (const part of row.less ?? [])
          expect(rows.find((other) => other.counter === part && other.of === row.counter)?.role).toBe('part');
        if (row.cause === 'filtered') expect(row.place).toBe('filtered');
        if (row.scope === 'device' && row.role === 'total') expect(['beside', 'filtered']).toContain(row.place);
      }
    },
  );
});

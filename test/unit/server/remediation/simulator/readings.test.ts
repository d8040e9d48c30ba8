import { describe, expect, it } from 'vitest';
import { intervalCycles, Readings } from '../../../../../server/remediation/simulator/readings.ts';

function interval(readings: Readings, percent: number): void {
  readings.addQueue(0, Math.floor((intervalCycles * percent) / 100));
  readings.addBusy(0, Math.floor((intervalCycles * percent) / 100));
  readings.close([[0]]);
}

describe('readings of a switch', () => {
  it('cut a percentage off, and remember twelve intervals', () => {
    const readings = new Readings(1, 1);
    interval(readings, 40.9);
    expect([readings.usagePercent(0), readings.hasInterval(0)]).toEqual([40, true]);
    for (let i = 0; i < 12; i++) interval(readings, 10);
    expect(readings.minuteCycles(0)).toBe((12 * intervalCycles) / 10);
  });

  it('are blind after a reload until a whole interval has passed, and have forgotten', () => {
    const readings = new Readings(1, 1);
    for (let i = 0; i < 12; i++) interval(readings, 97);
    expect(readings.overloaded[0]).toBe(12);
    readings.reload(0, [0]);
    expect([readings.overloaded[0], readings.hasInterval(0), readings.minuteCycles(0)]).toEqual([0, false, 0]);
    interval(readings, 97);
    expect([readings.overloaded[0], readings.hasInterval(0), readings.usagePercent(0)]).toEqual([0, false, 0]);
    interval(readings, 97);
    expect([readings.overloaded[0], readings.hasInterval(0), readings.usagePercent(0)]).toEqual([1, true, 97]);
  });

  it('begin to count overload anew after one calmer interval', () => {
    const readings = new Readings(1, 1);
    for (const percent of [97, 95, 94, 99]) interval(readings, percent);
    expect(readings.overloaded[0]).toBe(1);
  });
});

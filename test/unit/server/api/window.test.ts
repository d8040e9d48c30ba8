import { describe, expect, it } from 'vitest';
import { RequestProblem } from '../../../../server/api/problem.ts';
import { iso, requestedStep, requestedWindow } from '../../../../server/api/window.ts';

describe('a window', () => {
  it('defaults to the five minutes before the watermark', () => {
    expect(requestedWindow({}, 1_000_000)).toEqual({ from: 999_700, to: 1_000_000 });
    expect(requestedWindow({ to: '2026-11-01T00:00:00Z' }, 5)).toEqual({
      from: 1_793_491_200 - 300,
      to: 1_793_491_200,
    });
  });

  it('takes any zone that names an instant on a whole second', () => {
    const { from } = requestedWindow({ from: '2026-11-01T07:00:00+07:00' }, 1_793_491_500);
    expect(iso(from)).toBe('2026-11-01T00:00:00Z');
  });

  it.each([
    ['half a second', { from: '2026-11-01T00:00:00.5Z' }],
    ['no instant', { to: 'soon' }],
    ['from after to', { from: '2026-11-02T00:00:00Z', to: '2026-11-01T00:00:00Z' }],
    ['nothing', { from: '2026-11-01T00:00:00Z', to: '2026-11-01T00:00:00Z' }],
    ['32 days', { from: '2026-10-01T00:00:00Z', to: '2026-11-02T00:00:00Z' }],
    ['before 1970', { to: '1970-01-01T00:00:10Z' }],
    ['after 2106', { to: '2107-01-01T00:00:00Z' }],
  ])('%s is refused', (_, query) => {
    expect(() => requestedWindow(query, 1_793_491_500)).toThrow(RequestProblem);
  });
});

describe('a step', () => {
  it('left open, is the smallest that keeps a chart within 600 steps', () => {
    expect(requestedStep({ from: 0, to: 300 }, undefined).step).toBe(1);
    expect(requestedStep({ from: 0, to: 3600 }, undefined).step).toBe(10);
    expect(requestedStep({ from: 0, to: 31 * 86_400 }, undefined).step).toBe(21_600);
  });

  it('widens the window to whole steps', () => {
    expect(requestedStep({ from: 61, to: 121 }, 60)).toEqual({ window: { from: 60, to: 180 }, step: 60 });
  });

  it('never widens it past what a slot can say', () => {
    const { window } = requestedStep({ from: 0xffff_ff00, to: 0xffff_ffff }, 3600);
    expect(window.to).toBeLessThanOrEqual(0xffff_ffff);
  });

  it('too small for its window is refused', () => {
    expect(() => requestedStep({ from: 0, to: 86_400 }, 1)).toThrow(RequestProblem);
  });
});

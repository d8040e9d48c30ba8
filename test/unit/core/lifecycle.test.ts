import { describe, expect, test } from 'vitest';
import { Lifecycle, type Part } from '../../../core/runtime/lifecycle.ts';
import { silentLogger } from '../../../core/runtime/logger.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

function aPart(name: string, told: string[], over: Partial<Part> = {}): Part {
  const tell = (what: string) => async () => {
    told.push(`${what} ${name}`);
  };
  return { name, start: tell('start'), stop: tell('stop'), ...over };
}

describe('a lifecycle', () => {
  test('stops in reverse, and goes on past a part that fails to stop', async () => {
    const told: string[] = [];
    const fails = { stop: () => Promise.reject(new Error('no')) };
    const lifecycle = new Lifecycle([aPart('a', told), aPart('b', told, fails), aPart('c', told)], silentLogger);
    await lifecycle.start();
    await lifecycle.stop();
    expect(told).toEqual(['start a', 'start b', 'start c', 'stop c', 'stop a']);
    expect(lifecycle.unstopped).toEqual([]);
  });

  test('says what is not stopped: the part that hangs first, then what is below it', async () => {
    const told: string[] = [];
    const hung = Promise.withResolvers<void>();
    const parts = [
      aPart('a', told),
      aPart('b', told),
      aPart('c', told, { stop: () => hung.promise }),
      aPart('d', told),
    ];
    const lifecycle = new Lifecycle(parts, silentLogger);
    await lifecycle.start();
    const stopped = lifecycle.stop();
    await turn();
    expect(lifecycle.unstopped).toEqual(['c', 'b', 'a']);
    hung.resolve();
    await stopped;
    expect(lifecycle.unstopped).toEqual([]);
  });

  test('a stop in mid-start lets the step that runs end, and starts nothing more', async () => {
    const told: string[] = [];
    const slow = Promise.withResolvers<void>();
    const lifecycle = new Lifecycle(
      [aPart('a', told), aPart('b', told, { start: () => slow.promise }), aPart('c', told)],
      silentLogger,
    );
    const started = lifecycle.start();
    await turn();
    const stopped = lifecycle.stop();
    slow.resolve();
    await Promise.all([started, stopped]);
    expect(told).toEqual(['start a', 'stop b', 'stop a']);
  });
});

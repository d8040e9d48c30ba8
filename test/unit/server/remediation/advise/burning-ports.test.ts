import { expect, it } from 'vitest';
import type { ObjectiveReading } from '../../../../../server/judge/reading.ts';
import type { JudgedTerms } from '../../../../../server/judge/terms.ts';
import { burningPorts } from '../../../../../server/remediation/advise/burning-ports.ts';

const burn = (name: string, ...states: readonly string[]) =>
  ({ objective: { name }, burn: states.map((state) => ({ state })) }) as unknown as ObjectiveReading;
const placed = (name: string, ...ports: readonly (readonly [string, string, number, number])[]) =>
  ({
    version: { name },
    placed: ports.map(([host, port, from, to]) => ({ name: port, host, port, from, to })),
  }) as unknown as JudgedTerms;

it('ports are those of objectives of which a tier fires, where they are now', () => {
  const judging = {
    readings: () => [burn('a', 'quiet', 'firing'), burn('b', 'quiet', 'frozen'), burn('c', 'firing')],
    terms: () => [
      placed('a', ['cn1', 'vhu2', 0, Number.POSITIVE_INFINITY], ['cn1', 'vhu1', 100, 200], ['cn2', 'vhu1', 200, 300]),
      placed('b', ['cn3', 'vhu1', 0, 300]),
      placed('c', ['cn1', 'vhu1', 0, 300]),
    ],
  };
  expect([...burningPorts(judging, 199)]).toEqual([['cn1', ['vhu1', 'vhu2']]]);
  expect([...burningPorts(judging, 200)]).toEqual([
    ['cn1', ['vhu1', 'vhu2']],
    ['cn2', ['vhu1']],
  ]);
});

import { describe, expect, it } from 'vitest';
import { FourninesError } from '../../../../core/runtime/error.ts';
import { readPlanInput } from '../../../../server/remediation/read-plan-input.ts';
import { at, input, pmd, rxq } from './planner/inputs.ts';

const good = input({
  pmds: [pmd(2), pmd(4, 1, { overheadPpm: 20_000, stolenPpm: 1_000 })],
  rxqs: [rxq('vhu1/0', 2, 410_000, { vm: '6b1d', group: 'bond' }), rxq('vhu1/1', 4, 0, { numa: 1, pin: 'operator' })],
  burning: ['vhu1'],
});

type Document = Record<string, unknown> & { pmds: object[]; rxqs: object[]; limits: object };

/** As it stands in a file: instants are text there. */
function document(change: (document: Document) => void = () => undefined): string {
  const text = new Date(at).toISOString().replace('.000Z', 'Z');
  const made = structuredClone({ ...good, at: text }) as unknown as Document;
  change(made);
  return JSON.stringify(made, null, '\t');
}

function problemOf(text: string): string {
  try {
    readPlanInput('p.json', text);
  } catch (error) {
    if (error instanceof FourninesError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'none';
}

describe('the input of a plan', () => {
  it('is read as it stands, whatever it is indented with', () => {
    expect(readPlanInput('p.json', document())).toEqual(good);
    const moved = document(({ rxqs }) => Object.assign(rxqs[0] ?? {}, { movedAt: '2026-10-31T23:59:59.250Z' }));
    expect(readPlanInput('p.json', moved).rxqs[0]?.movedAt).toBe(at - 750);
  });

  it.each<[string, (document: Document) => void, string]>([
    ['a key nobody knows', (d) => Object.assign(d.rxqs[0] ?? {}, { weight: 3 }), 'rxqs[0].weight: unknown key'],
    ['a key that is missing', (d) => Reflect.deleteProperty(d, 'frozen'), 'frozen is missing'],
    ['what is not known left out', (d) => Reflect.deleteProperty(d.rxqs[1] ?? {}, 'movedAt'), 'movedAt is missing'],
    [
      'two queues of one id',
      (d) => Object.assign(d.rxqs[1] ?? {}, { id: 'vhu1/0' }),
      'rxqs[1]: the id vhu1/0 stands twice',
    ],
    ['one queue twice', (d) => Object.assign(d.rxqs[1] ?? {}, { queue: 0 }), 'rxqs[1]: queue 0 of vhu1 stands twice'],
    ['one core twice', (d) => Object.assign(d.pmds[1] ?? {}, { core: 2 }), 'pmds[1]: core 2 stands twice'],
    [
      'a core without a thread',
      (d) => Object.assign(d.rxqs[0] ?? {}, { core: 7 }),
      'vhu1/0 is on core 7, and pmds has no such core',
    ],
    [
      'a load below nothing',
      (d) => Object.assign(d.rxqs[0] ?? {}, { usagePpm: -1 }),
      'rxqs[0].usagePpm: must be an integer from 0',
    ],
    [
      'an absurd load',
      (d) => Object.assign(d.rxqs[0] ?? {}, { usagePpm: 2_000_001 }),
      'rxqs[0].usagePpm: must be an integer',
    ],
    ['a load with a point', (d) => Object.assign(d.rxqs[0] ?? {}, { usagePpm: 0.5 }), 'must be an integer'],
    ['a thread without room', (d) => Object.assign(d.pmds[1] ?? {}, { overheadPpm: 999_000 }), 'leave core 4 nothing'],
    ['four moves', (d) => Object.assign(d.limits, { maxMoves: 4 }), 'limits.maxMoves: must be an integer from 0 to 3'],
    ['a gain of nothing', (d) => Object.assign(d.limits, { gainPpm: 0 }), 'limits.gainPpm: must be an integer from 1'],
    ['no list', (d) => Object.assign(d, { pmds: {} }), 'pmds: must be a list'],
    ['a pin of nobody', (d) => Object.assign(d.rxqs[0] ?? {}, { pin: 'me' }), 'rxqs[0].pin: must be operator'],
    [
      'another zone',
      (d) => Object.assign(d, { at: '2026-11-01T00:00:00+01:00' }),
      'at: must be an RFC 3339 instant in UTC',
    ],
    ['no instant', (d) => Object.assign(d, { at: 'now' }), 'at: must be an RFC 3339 instant in UTC'],
  ])('refuses %s, and says where', (_what, change, told) => {
    const problem = problemOf(document(change));
    expect(problem).toContain('FN_PLAN_INPUT p.json line');
    expect(problem).toContain(told);
  });

  it.each(['', '[]', '{', '{"at":1,"at":2}', 'null', '\u0000', '{"at": *a}'])('refuses %j', (text) => {
    expect(problemOf(text)).toMatch(/^FN_PLAN_INPUT p\.json/);
  });

  it('is bounded', () => {
    const many = Array.from({ length: 257 }, (_each, core) => pmd(core));
    expect(problemOf(document((d) => Object.assign(d, { pmds: many })))).toContain('pmds: has more than 256 members');
    expect(problemOf(' '.repeat(300_000))).toContain('is longer than');
  });
});

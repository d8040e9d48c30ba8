import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isoOf } from '../../../../server/slo/instant.ts';
import { answerOf, ask, type Line, question } from './asking.ts';
import { type Drawn, type DrawnFile, drawnFiles, lineOf, type StepKind } from './drawn-files.ts';
import { asked, askedOf, numRuns } from './drawn-questions.ts';
import { type ReferenceAsked, reference, referencePaths } from './reference.ts';

function answer(file: DrawnFile, of: ReferenceAsked, lines: readonly Line[] = file.rows.map(lineOf)) {
  return answerOf(question(lines, askedOf(of), file));
}

test('agrees with a reference that goes slot by slot', () => {
  fc.assert(
    fc.property(drawnFiles(), asked, (file, of) => {
      const { slo: _slo, window: _window, burn: _burn, ...told } = answer(file, of);
      expect(told).toEqual(reference(file, of));
    }),
    { numRuns },
  );
});

test('burn rates agree with a reference that goes slot by slot', () => {
  fc.assert(
    fc.property(drawnFiles(), asked, (file, of) => {
      const { burn } = answer(file, of) as { burn: { long: object; short: object; state: string }[] };
      const paths = referencePaths(file, of);
      const wanted = [60, 10].map((seconds) => burnOf(paths, { from: file.at - seconds, to: file.at }, of.sli));
      expect([burn[0]?.long, burn[0]?.short]).toEqual(
        wanted.map(({ bad, total }) => ({ bad: String(bad), total: String(total) })),
      );
      if (wanted.some(({ frozen }) => frozen)) expect(burn[0]?.state).toBe('frozen');
      else {
        // bad / total >= 1000 x (1 - target).
        const fires = wanted.every(({ bad, total }) => bad > 0 && bad * 10_000 >= 1000 * of.allowedOf10000 * total);
        expect(burn[0]?.state).toBe(fires ? 'firing' : 'quiet');
      }
    }),
    { numRuns },
  );
});

function burnOf(paths: ReturnType<typeof referencePaths>, { from, to }: { from: number; to: number }, sli: string) {
  let [bad, total, known] = [0, 0, 0];
  for (let slot = from; slot < to; slot++) {
    const of = paths.map(({ slots, losses }) => {
      const told = slots.get(slot);
      const inside = told?.lump.every((other) => other >= from && other < to) === true;
      const isObserved = told?.kind === 'observed';
      if (sli === 'packetDelivery')
        return { told, lossy: false, known: isObserved || (told?.kind === 'bridged' && inside) };
      const isKnown = (isObserved || told?.kind === 'bridged') && losses.get(slot) !== 'idle';
      return { told, lossy: isKnown && losses.get(slot) === 'lossy', known: isKnown };
    });
    const isLossy = of.some(({ lossy }) => lossy);
    const isKnown = isLossy || of.every((path) => path.known);
    if (isKnown) known++;
    if (sli !== 'packetDelivery') {
      bad += isLossy ? 1 : 0;
      total += isKnown ? 1 : 0;
    } else {
      for (const path of of.filter((each) => each.known)) {
        bad += path.told?.bad ?? 0;
        total += path.told?.offered ?? 0;
      }
    }
  }
  return { bad, total, frozen: known * 2 < to - from };
}

describe('what changes nothing', () => {
  test('the order of lines', () => {
    const shuffled = fc.tuple(drawnFiles(), asked).chain(([file, of]) =>
      fc.record({
        file: fc.constant(file),
        of: fc.constant(of),
        rows: fc.shuffledSubarray([...file.rows], { minLength: file.rows.length }),
      }),
    );
    fc.assert(
      fc.property(shuffled, ({ file, of, rows }) => {
        expect(answer(file, of, rows.map(lineOf))).toEqual(answer(file, of));
      }),
      { numRuns },
    );
  });

  test('splitting a row in two', () => {
    fc.assert(
      fc.property(drawnFiles(), asked, fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1 }), (file, of, cuts) => {
        const rows = file.rows.flatMap((row, i) => splitAt(row, cuts[i % cuts.length] as number));
        expect(answer(file, of, rows.map(lineOf))).toEqual(answer(file, of));
      }),
      { numRuns },
    );
  });

  test('the names of ports and hosts, and the causes of drops', () => {
    const names: Record<string, string> = { p1: 'vhu-ä "1"', p2: 'p1', a: 'zz', b: 'a\\b' };
    fc.assert(
      fc.property(drawnFiles(), asked, (file, of) => {
        const lines = file.rows.map(lineOf).map((line) => {
          const drops = (line['drops'] as { cause: string }[] | undefined)?.map((drop) => ({ ...drop, cause: 'x' }));
          const host = line['host'] === undefined ? {} : { host: names[line['host'] as string] };
          return { ...line, ...host, port: names[line['port'] as string], ...(drops === undefined ? {} : { drops }) };
        });
        const renamed = { ...askedOf(of), ports: ['p1', 'vhu-ä "1"'] };
        expect(answerOf(question(lines, renamed, file))).toEqual(answer(file, of));
      }),
      { numRuns },
    );
  });

  test('rows of ports that the objective does not name, and unknown rows where there were none', () => {
    fc.assert(
      fc.property(drawnFiles(), asked, (file, of) => {
        const told = (port: string, direction: string, slot: number) =>
          file.rows.some(
            (row) =>
              row.port === port && row.direction === direction && row.slot <= slot && slot < row.slot + row.count,
          );
        const others = file.rows.map((row) => ({ ...lineOf(row), port: 'p3' }));
        const holes = file.rows.flatMap(({ port, direction, slot, count }): Line[] => {
          const behind = slot + count;
          return told(port, direction, behind)
            ? []
            : [{ host: 'c', port, direction, slot: isoOf(behind), state: 'unknown' }];
        });
        const unique = new Map(holes.map((line) => [JSON.stringify(line), line]));
        expect(answer(file, of, [...others, ...file.rows.map(lineOf), ...unique.values()])).toEqual(answer(file, of));
      }),
      { numRuns },
    );
  });
});

/** Only observed and unknown rows: each of their slots says the same. */
function splitAt(row: Drawn, at: number): Drawn[] {
  if ((row.state !== 'observed' && row.state !== 'unknown') || at >= row.count) return [row];
  return [
    { ...row, count: at },
    { ...row, slot: row.slot + at, count: row.count - at },
  ];
}

const singly = new Set<StepKind>(['good', 'lossy', 'some', 'unknown', 'nothing']);
const oneHost = drawnFiles(singly, '', false);
const choice = fc.array(fc.record({ offered: fc.integer({ min: 0, max: 50 }), bad: fc.integer({ min: 0, max: 50 }) }), {
  minLength: 1,
  maxLength: 40,
});

/** Each slot of the window that nobody knows, told by `tell`. */
function completed(
  file: DrawnFile,
  tell: (path: number, slot: number) => { offered: number; bad: number } | undefined,
): Line[] {
  const of: ReferenceAsked = { sli: 'availability', tenths: 1, run: 1, allowedOf10000: 1 };
  const names = [...new Set(file.rows.map(({ port, direction }) => `${port} ${direction}`))];
  const known = file.rows.filter(({ state }) => state !== 'unknown');
  const outside = file.rows.filter(({ state, slot }) => state === 'unknown' && slot >= file.window.to);
  const told = referencePaths(file, of).flatMap(({ slots }, i) => {
    const [port, direction] = (names[i] as string).split(' ') as [string, 'toGuest'];
    return [...slots].flatMap(([slot, { kind }]): Line[] => {
      if (kind !== 'unknown' || slot < file.window.from || slot >= file.window.to) return [];
      const numbers = tell(i, slot);
      if (numbers === undefined) return [];
      const row = { ...(file.rows[0] as Drawn), host: '', port, direction, slot, count: 1, state: 'observed' as const };
      const none = { unknown: 0, tenant: 0, contract: 0, peak: 0, probe: undefined, suspect: false, shared: 0 };
      return [lineOf({ ...row, ...none, offered: numbers.offered, provider: numbers.bad })];
    });
  });
  return [...known.map(lineOf), ...outside.map(lineOf), ...told];
}

describe('bounds bracket what the unknown slots may have been', () => {
  test('packets: any numbers up to the largest slot of the path', () => {
    fc.assert(
      fc.property(oneHost, asked, choice, (file, of, choices) => {
        const packets = askedOf({ ...of, sli: 'packetDelivery' });
        const largest = referencePaths(file, of).map(({ slots }) => {
          const inside = [...slots].filter(([slot]) => slot >= file.window.from && slot < file.window.to);
          return Math.max(0, ...inside.map(([, { kind, offered }]) => (kind === 'observed' ? offered : 0)));
        });
        const lines = completed(file, (path, slot) => {
          const { offered, bad } = choices[slot % choices.length] as { offered: number; bad: number };
          const most = Math.min(offered, largest[path] as number);
          return { offered: most, bad: Math.min(bad, most) };
        });
        const before = ask(file.rows.map(lineOf), packets, file);
        const after = ask(lines, packets, file);
        expect(after.high).toEqual(after.low);
        expect(after.high.bad).toBeGreaterThanOrEqual(before.high.bad);
        expect(after.high.bad).toBeLessThanOrEqual(before.low.bad);
        expect(after.high.total).toBeGreaterThanOrEqual(before.high.total);
        expect(after.high.total).toBeLessThanOrEqual(before.low.total);
        if (before.verdict === 'met') expect(['met', 'noTraffic']).toContain(after.verdict);
      }),
      { numRuns },
    );
  });

  test.each(['availability', 'cleanSlots'] as const)(
    'slots, %s where one lossy slot is an outage: any numbers',
    (sli) => {
      fc.assert(
        fc.property(oneHost, asked, choice, (file, of, choices) => {
          const slots = askedOf({ ...of, sli, run: 1 });
          const lines = completed(file, (_, slot) => {
            const { offered, bad } = choices[slot % choices.length] as { offered: number; bad: number };
            return { offered, bad: Math.min(bad, offered) };
          });
          const before = ask(file.rows.map(lineOf), slots, file);
          const after = ask(lines, slots, file);
          expect(after.high).toEqual(after.low);
          // Those with fewer than 10 packets turn out to be idle, and leave the total.
          expect(after.high.total).toBeLessThanOrEqual(before.high.total);
          expect(after.high.bad).toBeGreaterThanOrEqual(before.high.bad);
          expect(after.high.bad).toBeLessThanOrEqual(before.low.bad);
          if (before.verdict === 'breached') expect(after.verdict).toBe('breached');
          if (before.verdict === 'met') expect(['met', 'noTraffic']).toContain(after.verdict);
        }),
        { numRuns },
      );
    },
  );

  test('slots, with longer runs: each unknown slot as the state around it, or left unknown', () => {
    fc.assert(
      fc.property(oneHost, asked, fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }), (file, of, left) => {
        const slots = { ...of, sli: 'availability' as const };
        const paths = referencePaths(file, slots);
        const lines = completed(file, (path, slot) => {
          if (left[slot % left.length]) return undefined;
          return { offered: 100, bad: paths[path]?.states.get(slot) === true ? 0 : 100 };
        });
        const before = ask(file.rows.map(lineOf), askedOf(slots), file);
        const after = ask(lines, askedOf(slots), file);
        expect(after.high.total).toBe(before.high.total);
        expect(after.high.bad).toBeGreaterThanOrEqual(before.high.bad);
        expect(after.low.bad).toBeLessThanOrEqual(before.low.bad);
        if (before.verdict !== 'undetermined') expect(after.verdict).toBe(before.verdict);
      }),
      { numRuns },
    );
  });
});

test('one more unknown slot never turns undetermined into met', () => {
  const files = fc.tuple(
    drawnFiles(singly, '', false),
    asked,
    fc.array(fc.integer({ min: 0, max: 119 }), { minLength: 1, maxLength: 8 }),
  );
  fc.assert(
    fc.property(files, ([file, of, at]) => {
      const path = file.rows.find(({ state }) => state === 'observed');
      if (path === undefined) return;
      // Slots that were good or nobody knew, and not the largest: what was seen there is not what decided.
      const { port, direction } = path;
      const mine = file.rows.filter((row) => row.port === port && row.direction === direction);
      const largest = Math.max(...mine.map(({ offered, contract }) => offered - contract));
      const hidden = [...new Set(at)]
        .map((i) => file.window.from + i)
        .filter((slot) => {
          const row = mine.find((each) => each.slot <= slot && slot < each.slot + each.count);
          return (
            row === undefined ||
            row.state === 'unknown' ||
            (row.provider + row.unknown === 0 && row.offered - row.contract < largest)
          );
        });
      const lines = file.rows.map(lineOf);
      const more = hidden.map((slot): Line => ({ host: 'h', port, direction, slot: isoOf(slot), state: 'unknown' }));
      const before = answer(file, of, lines);
      const after = answer(file, of, [...lines, ...more]);
      if (before['verdict'] !== 'met') expect(after['verdict']).not.toBe('met');
    }),
    { numRuns },
  );
});

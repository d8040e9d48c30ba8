import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { InProcessLog } from '../../core/bus/in-process.ts';
import { Lifecycle } from '../../core/runtime/lifecycle.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { messageBytesMax } from '../../core/wire/message.ts';
import { makeServer, type Server } from '../../server/app.ts';
import { Fleet } from '../../server/live/fleet.ts';
import { portSums, portSumsParameters } from '../../server/store/queries/port-sums.ts';
import { runQuery } from '../../server/store/run-query.ts';
import { aServerConfig } from '../fakes/server-config.ts';
import { aPortRow, aTickMessage } from '../fakes/tick-message.ts';
import { placeControl } from './control-fixture.ts';

/** Both readers of the bus, live windows and store, are asked the same question and must give the same integers. */
const data = mkdtempSync(join(tmpdir(), 'fn-parity-'));
const bus = new InProcessLog({ bytesMax: 1 << 24, recordBytesMax: messageBytesMax, nowMs: Date.now });
const fleet = new Fleet({
  source: bus,
  from: 'earliest',
  logger: silentLogger,
  liveSeconds: 7200,
  monoMs: () => performance.now(),
});
let server: Server;
let lifecycle: Lifecycle;

beforeAll(async () => {
  await placeControl(data);
  const config = aServerConfig({
    staleAfterMs: 5000,
    liveSeconds: 600,
    streamsMax: 2,
    busBytesMax: 1 << 24,
    lingerMs: 50,
  });
  server = makeServer({ config, data, bus, logger: silentLogger, version: 'test' });
  lifecycle = new Lifecycle([...server.parts, fleet], silentLogger);
  await lifecycle.start();
});

afterAll(async () => {
  await lifecycle.stop();
  rmSync(data, { recursive: true, force: true });
});

interface Step {
  readonly slots: number;
  readonly state: 'observed' | 'bridged' | 'unknown';
  readonly suspect: boolean;
  readonly packets: bigint;
  readonly silent: number;
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    slots: fc.integer({ min: 1, max: 7 }),
    state: fc.constantFrom('observed', 'observed', 'observed', 'bridged', 'unknown'),
    suspect: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    packets: fc.bigInt(0n, 1n << 50n),
    silent: fc.constantFrom(0, 0, 0, 1, 65),
  }),
  { minLength: 5, maxLength: 60 },
);

describe('live windows and store', () => {
  it('agree on every window of any history', { timeout: 120_000 }, async () => {
    let run = 0;
    // On a minute that is not in the past beyond what raw rows live.
    const base = Math.floor(Date.now() / 60_000) * 60 - 3000;
    await fc.assert(
      fc.asyncProperty(steps, fc.nat(400), fc.nat(400), async (history, fromShift, length) => {
        const host = `cn${run++}`;
        const end = await feed(host, base, history);
        const from = base + (fromShift % (end - base));
        const to = from + 1 + length;
        const live = fleet.hosts.get(host)?.paths.get('eth0\u0000rx')?.window.sums(from, to);
        const [stored] = await runQuery(server.store, portSums, portSumsParameters({ from, to, host, limit: 10 }));
        const told = stored ?? { observed: '0', bridged: '0', packets: '0', bytes: '0', dropsOutside: '0' };
        expect({
          observed: Number(told.observed),
          bridged: Number(told.bridged),
          packets: BigInt(told.packets),
          bytes: BigInt(told.bytes),
          dropsOutside: BigInt(told.dropsOutside),
        }).toEqual({
          observed: live?.observed,
          bridged: live?.bridged,
          packets: live?.packets,
          bytes: live?.bytes,
          dropsOutside: live?.dropsOutside,
        });
      }),
      { numRuns: 40 },
    );
  });
});

/** Puts a history on the bus and waits until both readers have all of it; the end of its last slot. */
async function feed(host: string, base: number, history: readonly Step[]): Promise<number> {
  let at = base;
  for (const { slots, state, suspect, packets, silent } of history) {
    at += silent;
    const covered = state === 'observed' ? 1 : state === 'bridged' ? slots + 1 : slots;
    const inc = state === 'unknown' ? null : packets;
    const row = aPortRow({
      host,
      slot: at,
      slots: covered,
      state,
      suspect: suspect ? 1 : 0,
      packets,
      packetsInc: inc,
      bytesInc: inc,
      dropsOutsideInc: inc,
      dropsInsideInc: inc === null ? null : 0n,
    });
    at += covered;
    await bus.append(host, aTickMessage({ host, slot: at - 1, ports: [row] }));
  }
  await vi.waitFor(
    () => {
      expect(fleet.hosts.get(host)?.lastTick?.slot).toBe(at - 1);
      expect(bus.heldRecords).toBe(0);
    },
    { timeout: 10_000, interval: 5 },
  );
  return at;
}

import { afterEach, describe, expect, it, vi } from 'vitest';
import { InProcessLog } from '../../../../core/bus/in-process.ts';
import { silentLogger } from '../../../../core/runtime/logger.ts';
import { Fleet } from '../../../../server/live/fleet.ts';
import { aPortRow, aTickMessage } from '../../../fakes/tick-message.ts';

const slot = 1_700_000_000;

describe('live windows', () => {
  const bus = new InProcessLog({ bytesMax: 1 << 20, recordBytesMax: 1 << 20, nowMs: Date.now });
  let fleet: Fleet;
  const open = async (from: 'earliest' | 'latest') => {
    fleet = new Fleet({ source: bus, from, logger: silentLogger, liveSeconds: 300, monoMs: () => 0 });
    const heard: number[] = [];
    fleet.subscribe((arrival) => heard.push(arrival.slot));
    await fleet.start();
    return heard;
  };
  const append = (at: number) => bus.append('cn1', aTickMessage({ slot: at, ports: [aPortRow({ slot: at })] }));
  afterEach(() => fleet.stop());

  it('a tick that is sent again is heard and counted once', async () => {
    const heard = await open('earliest');
    await append(slot);
    await append(slot + 1);
    await append(slot);
    await append(slot + 2);
    await vi.waitFor(() => expect(heard.at(-1)).toBe(slot + 2));
    expect(heard).toEqual([slot, slot + 1, slot + 2]);
    const path = fleet.hosts.get('cn1')?.paths.values().next().value;
    expect(path?.window.sums(slot, slot + 3).observed).toBe(3);
  });

  it('a bus that keeps days is read from its newest record on', async () => {
    const heard = await open('latest');
    await vi.waitFor(async () => {
      await append(slot + 100 + heard.length);
      expect(heard).not.toEqual([]);
    });
    expect(heard[0]).toBeGreaterThanOrEqual(slot + 100);
  });
});

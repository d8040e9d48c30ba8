import { createSocket } from 'node:dgram';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { portSlot } from '../../core/catalogue/kinds.ts';
import { BlockReader } from '../../core/wire/block-reader.ts';
import { decodeMessage, type Message } from '../../core/wire/message.ts';
import { Spawned } from './spawned.ts';

const program = fileURLToPath(new URL('./spool-collector.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'fn-spool-'));
const bus = join(folder, 'bus');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function messages(): Message[] {
  const found: Message[] = [];
  const bytes = existsSync(bus) ? readFileSync(bus) : Buffer.alloc(0);
  for (let at = 0; at + 4 <= bytes.length; ) {
    const to = at + 4 + bytes.readUInt32LE(at);
    if (to > bytes.length) break;
    found.push(decodeMessage(bytes.subarray(at + 4, to)));
    at = to;
  }
  // A message that came twice is known by its name.
  return [...new Map(found.map((message) => [`${message.stream} ${message.seq}`, message])).values()];
}

async function untilMessages(count: number): Promise<void> {
  await vi.waitFor(() => expect(messages().length).toBeGreaterThanOrEqual(count), { timeout: 20_000, interval: 50 });
}

async function sendOverLoopback(packets: number): Promise<void> {
  const socket = createSocket('udp4');
  for (let i = 0; i < packets; i++) {
    await new Promise((resolve) => socket.send('x', 9, '127.0.0.1', resolve));
  }
  socket.close();
}

describe('a real collector that is killed again and again', () => {
  it('loses no packet of the loopback: its rows join without a gap and their sum is the counter', async () => {
    let seen = 0;
    for (let round = 0; round < 3; round++) {
      const collector = new Spawned(process.execPath, [program, folder, bus]);
      await untilMessages(seen + 3);
      await sendOverLoopback(100);
      await untilMessages(seen + 4);
      await collector.stop('SIGKILL');
      seen = messages().length;
      const killedAt = Date.now();
      await sendOverLoopback(1000);
      // A start within the second would find its slot whole: nothing to bridge.
      await vi.waitFor(() => expect(Date.now() - killedAt).toBeGreaterThan(2000), { timeout: 5000, interval: 50 });
    }
    const last = new Spawned(process.execPath, [program, folder, bus]);
    await untilMessages(seen + 3);
    expect(await last.stop('SIGTERM')).toBe(0);

    const all = messages();
    expect(new Set(all.map(({ stream }) => stream)).size).toBe(1);
    expect(all.map(({ seq }) => seq)).toEqual(all.map((_, i) => BigInt(i)));
    const reader = new BlockReader(portSlot);
    const rows = all
      .flatMap(({ blocks }) => blocks.flatMap((block) => (block.kind === portSlot.name ? reader.rows(block) : [])))
      .filter(({ port, direction }) => port === 'lo' && direction === 'rx');
    const [first] = rows;
    let [slot, packets] = [first?.slot ?? 0, (first?.packets ?? 0n) - (first?.packetsInc ?? 0n)];
    for (const row of rows) {
      expect(row).toMatchObject({ slot, suspect: 0 });
      expect(row.state).not.toBe('unknown');
      packets += row.packetsInc ?? 0n;
      expect(row.packets).toBe(packets);
      slot += row.slots;
    }
    expect(rows.filter(({ state }) => state === 'bridged').length).toBeGreaterThanOrEqual(3);
    expect(packets - (first?.packets ?? 0n)).toBeGreaterThanOrEqual(3000n);
  });
});

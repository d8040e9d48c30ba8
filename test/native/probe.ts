import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { openAddon } from '../../native/addon.ts';
import { linkCounters, linkStride } from '../../native/facade.ts';
import { openTypescript } from '../../native/typescript.ts';

// A facade in another process: in a fresh network namespace, or where a test must not change its own process.
// node probe.ts FORM look NIC... | send ADDRESS COUNT BYTES | affinity CPU; prints one line of JSON.

const [form, task, ...rest] = process.argv.slice(2);

function print(value: unknown): void {
  const text = JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? one.toString() : one));
  process.stdout.write(`${text}\n`);
}

function look(nics: readonly string[]): void {
  const facade = form === 'addon' ? openAddon() : openTypescript();
  const { links, counters } = facade.links();
  const procNetDev = readFileSync('/proc/net/dev', 'utf8');
  const qdiscs = facade.qdiscs();
  const queues = facade.queues();
  print({
    procNetDev,
    links: links.map((link, i) => ({
      ...link,
      counters: Object.fromEntries(linkCounters.map((name, j) => [name, counters[i * linkStride + j]])),
    })),
    qdiscs: qdiscs?.kinds.map((kind, i) => ({ kind, ifindex: qdiscs.ifindex[i], drops: qdiscs.drops[i] })) ?? null,
    queueRows: queues?.queue.length ?? null,
    ethtoolNames: Object.fromEntries(nics.map((nic) => [nic, facade.ethtoolNames(nic)])),
  });
  facade.close();
}

/** Sends broadcasts, which need no address resolution: exactly COUNT packets leave. */
async function send(address: string, count: number, bytes: number): Promise<void> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, resolve));
  socket.setBroadcast(true);
  for (let i = 0; i < count; i++) {
    // A queueing discipline that drops may say so with ENOBUFS; the packet counts as dropped all the same.
    await new Promise<void>((resolve) => socket.send(Buffer.alloc(bytes), 9, address, () => resolve()));
  }
  socket.close();
  print({ sent: count });
}

function affinity(cpu: number): void {
  const facade = form === 'addon' ? openAddon() : openTypescript();
  const isSet = facade.setAffinity([cpu]);
  print({ isSet, affinity: facade.affinity() });
}

if (task === 'look') look(rest);
else if (task === 'send') await send(rest[0] ?? '', Number(rest[1]), Number(rest[2]));
else if (task === 'affinity') affinity(Number(rest[0]));
else process.exitCode = 2;

/**
 * Sends a known number of packets over lo and over a veth pair, and holds three counts beside each other: what was sent,
 * the difference of /proc/net/dev, and the sum the API gives over the window. Then kills the product with SIGKILL, sends
 * on, starts it again, and compares once more: the gap must be bridged and the sums equal.
 *
 *     node test/system/exactness.ts [--down SECONDS] [--packets N]     (root; makes its own namespaces)
 *
 * The product and this program run in a namespace where nobody else talks. The API is asked only outside the windows,
 * since its own packets pass over lo.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeNamespaces, run } from './namespaces.ts';

const { values: options } = parseArgs({
  options: {
    down: { type: 'string', default: '20' },
    packets: { type: 'string', default: '5000' },
    inside: { type: 'boolean', default: false },
  },
});
const cli = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const httpPort = 8080;
const api = `http://127.0.0.1:${httpPort}/api/v1`;
const farHost = '10.99.0.3';

type Counts = Readonly<Record<string, { rxPackets: bigint; rxBytes: bigint; txPackets: bigint; txBytes: bigint }>>;

function readProcNetDev(): Counts {
  const lines = readFileSync('/proc/net/dev', 'latin1').split('\n').slice(2);
  return Object.fromEntries(
    lines.flatMap((line) => {
      const [name, numbers] = line.split(':');
      if (name === undefined || numbers === undefined) return [];
      const columns = numbers.trim().split(/\s+/).map(BigInt);
      const [rxBytes = 0n, rxPackets = 0n] = columns;
      return [[name.trim(), { rxBytes, rxPackets, txBytes: columns[8] ?? 0n, txPackets: columns[9] ?? 0n }]];
    }),
  );
}

/** Waits for the next whole second and a little more: the collector has read by then. Gives that second. */
async function nextBoundary(): Promise<number> {
  const boundary = Math.floor(Date.now() / 1000) + 1;
  await delay(boundary * 1000 - Date.now() + 600);
  return boundary;
}

async function startUp(data: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [cli, 'up', '--data', data, '--port', String(httpPort)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const deadline = AbortSignal.timeout(60_000);
  let printed = '';
  for await (const [chunk] of on(child, deadline)) {
    printed += chunk;
    if (printed.includes('Fournines: http')) return child;
  }
  throw new Error('the product did not start');
}

async function* on(child: ChildProcess, signal: AbortSignal): AsyncGenerator<[string]> {
  while (child.exitCode === null)
    yield [String((await once(child.stdout as NonNullable<typeof child.stdout>, 'data', { signal }))[0])];
}

/** Sends `count` datagrams, a few at a time, so that no socket buffer overflows unseen. */
async function send(host: string, port: number, count: number): Promise<void> {
  const socket = createSocket('udp4');
  for (let i = 0; i < count; i += 50) {
    const burst = Array.from(
      { length: Math.min(50, count - i) },
      () =>
        new Promise<void>((resolve, reject) => {
          socket.send(Buffer.alloc(64), port, host, (error) => (error === null ? resolve() : reject(error)));
        }),
    );
    await Promise.all(burst);
  }
  socket.close();
}

async function openReceiver(): Promise<{ port: number; close(): void }> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
  socket.on('message', () => undefined);
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { port: socket.address().port, close: () => socket.close() };
}

interface PortSums {
  readonly port: string;
  readonly direction: 'rx' | 'tx';
  readonly packets: string;
  readonly bytes: string;
  readonly slots: { readonly observed: number; readonly bridged: number; readonly unknown: number };
}

async function readSums(from: number, to: number): Promise<PortSums[]> {
  const iso = (second: number) => new Date(second * 1000).toISOString();
  const deadline = AbortSignal.timeout(30_000);
  // The rows must be stored before they are in a sum.
  for (;;) {
    // A kept connection would put its own end on lo when the product is killed.
    const headers = { connection: 'close' };
    const response = await fetch(`${api}/ports?from=${iso(from)}&to=${iso(to)}`, { signal: deadline, headers });
    const page = (await response.json()) as { items: PortSums[]; completeTo: string | null };
    if (page.completeTo !== null && Date.parse(page.completeTo) >= to * 1000) return page.items;
    await delay(200, undefined, { signal: deadline });
  }
}

/** Prints one line a port and direction; the number of lines whose counts differ. */
function compare(title: string, before: Counts, after: Counts, sums: readonly PortSums[], sent: number): number {
  process.stdout.write(
    `\n${title}\nport dir      sent  /proc/net/dev           API  difference   bytes diff  observed bridged unknown\n`,
  );
  let wrong = 0;
  for (const [port, direction, known] of [
    ['lo', 'rx', sent],
    ['lo', 'tx', sent],
    ['fn0', 'tx', sent],
    ['fn0', 'rx', 0],
  ] as const) {
    const own = sums.find((row) => row.port === port && row.direction === direction);
    const proc = (after[port]?.[`${direction}Packets`] ?? 0n) - (before[port]?.[`${direction}Packets`] ?? 0n);
    const procBytes = (after[port]?.[`${direction}Bytes`] ?? 0n) - (before[port]?.[`${direction}Bytes`] ?? 0n);
    const told = BigInt(own?.packets ?? -1);
    const [difference, byteDifference] = [told - proc, BigInt(own?.bytes ?? -1) - procBytes];
    if (difference !== 0n || byteDifference !== 0n || proc !== BigInt(known) || own?.slots.unknown !== 0) wrong++;
    const columns = [known, proc, told, difference, byteDifference];
    const widths = [9, 14, 13, 11, 12];
    const numbers = columns.map((value, i) => String(value).padStart(widths[i] as number)).join(' ');
    const { observed = 0, bridged = 0, unknown = 0 } = own?.slots ?? {};
    process.stdout.write(
      `${port.padEnd(4)} ${direction}  ${numbers}  ${String(observed).padStart(8)} ${String(bridged).padStart(7)} ${String(unknown).padStart(7)}\n`,
    );
  }
  return wrong;
}

async function inside(): Promise<number> {
  const packets = Number(options.packets);
  const downMs = Number(options.down) * 1000;
  const data = mkdtempSync(join(tmpdir(), 'fn-exact-'));
  const receiver = await openReceiver();
  const sendBoth = () => Promise.all([send('127.0.0.1', receiver.port, packets), send(farHost, 9, packets)]);
  let child = await startUp(data);
  try {
    await nextBoundary();
    await nextBoundary();
    const before = readProcNetDev();
    const from = await nextBoundary();
    await sendBoth();
    const after = readProcNetDev();
    const to = await nextBoundary();
    let wrong = compare('running', before, after, await readSums(from, to), packets);

    // The API's own answer passed over lo: begin anew.
    await nextBoundary();
    const beforeKill = readProcNetDev();
    const fromKill = await nextBoundary();
    await nextBoundary();
    child.kill('SIGKILL');
    await once(child, 'exit');
    await delay(downMs / 2);
    await sendBoth();
    await delay(downMs / 2);
    child = await startUp(data);
    await nextBoundary();
    const afterKill = readProcNetDev();
    const toKill = await nextBoundary();
    const title = `killed with SIGKILL for ${options.down} s, the packets sent meanwhile`;
    const sums = await readSums(fromKill, toKill);
    wrong += compare(title, beforeKill, afterKill, sums, packets);
    if (!sums.every((row) => row.port !== 'lo' || row.slots.bridged > 0)) wrong++;
    process.stdout.write(wrong === 0 ? '\nall differences are 0\n' : `\n${wrong} lines differ\n`);
    return wrong === 0 ? 0 : 1;
  } finally {
    receiver.close();
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    rmSync(data, { recursive: true, force: true });
  }
}

async function outside(): Promise<number> {
  const namespaces = makeNamespaces();
  try {
    const { near, farAddress } = namespaces;
    // A fixed neighbour that answers nothing: no ARP, no ICMP, just our packets on the wire.
    run('ip', '-n', near, 'neighbour', 'add', farHost, 'lladdr', farAddress, 'dev', 'fn0', 'nud', 'permanent');
    const args = [
      'netns',
      'exec',
      near,
      process.execPath,
      fileURLToPath(import.meta.url),
      '--inside',
      ...process.argv.slice(2),
    ];
    const child = spawn('ip', args, { stdio: 'inherit' });
    const [code] = (await once(child, 'exit')) as [number | null];
    return code ?? 1;
  } finally {
    namespaces.remove();
  }
}

process.exitCode = await (options.inside ? inside() : outside());

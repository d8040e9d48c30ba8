import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JsonStream } from '../../../../../collector/json-stream.ts';

/** As QEMU 7.2 of Debian 12 sent it. */
export const greeting = {
  QMP: {
    version: { qemu: { micro: 22, minor: 2, major: 7 }, package: 'Debian 1:7.2+dfsg-7+deb12u18+b3' },
    capabilities: ['oob'],
  },
};

export interface Asked {
  readonly execute: string;
  readonly arguments: Readonly<Record<string, unknown>> | undefined;
  readonly id: unknown;
}

type Answer = (asked: Asked, peer: Socket) => unknown;

export const device = '/machine/peripheral/nic0/virtio-backend';
/** Where the memory of the guest is in QEMU's own. */
export const memoryAt = 0x7fb3_f5ff_f000n;
const memoryTo = 0x7fb4_0000_0000n;
export const pid = 4711;

/** A ring as QEMU tells it: 256 descriptors, with event indices. */
export function ring(queue: number, over: Readonly<Record<string, unknown>> = {}) {
  const desc = Number(memoryAt) + 4096 * (16 * queue + 1);
  return {
    ...{ name: 'virtio-net', kick: 0, call: 0, num: 256, desc, avail: desc + 4096, used: desc + 4672 },
    ...{ 'desc-size': 4096, 'avail-size': 518, 'used-size': 2054, 'desc-phys': 1, 'avail-phys': 1, 'used-phys': 1 },
    ...over,
  };
}

/** A QEMU that a test writes: its monitor on a real socket, and its process as a tree of /proc. */
export class ScriptedQemu implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), 'fn-qmp-'));
  readonly procRoot = join(this.root, 'proc');
  readonly path = join(this.root, 'vm1.qmp');
  readonly vhost = join(this.root, 'vm1.vhost');
  readonly asked: Asked[] = [];
  readonly peers = new Set<Socket>();
  /** Answers by command; a function gives the whole message, `undefined` says nothing. */
  answers: Record<string, unknown>;
  /** Instead of the greeting; `undefined`: it is silent, as to a second client. */
  first: string | undefined = `${JSON.stringify(greeting)}\r\n`;
  /** So many clients have come. */
  connections = 0;
  #server: Server | undefined;

  constructor() {
    this.answers = {
      qmp_capabilities: {},
      'query-status': { status: 'running', singlestep: false, running: true },
      'query-migrate': {},
      'query-chardev': [
        { 'frontend-open': true, filename: `unix:${this.vhost},server=on`, label: 'c0' },
        { 'frontend-open': true, filename: 'file', label: 'serial0' },
      ],
      'query-cpus-fast': [{ 'thread-id': 4715, 'cpu-index': 0, target: 'x86_64' }],
      'x-query-virtio': [
        { name: 'virtio-net', path: device },
        { name: 'virtio-rng', path: '/machine/peripheral-anon/device[0]/virtio-backend' },
      ],
      'qom-get': 'n0',
      'x-query-virtio-vhost-queue-status': (asked: Asked) => ({ return: ring(Number(asked.arguments?.['queue'])) }),
    };
    for (const folder of [`proc/${pid}/net`, `proc/${pid}/ns`, `proc/${pid}/fd`, `proc/${pid}/map_files`])
      mkdirSync(join(this.root, folder), { recursive: true });
    this.file('comm', 'qemu-system-x86\n');
    this.startTicks(100);
    this.commandLine('-netdev', 'vhost-user,id=n0,chardev=c0,queues=1');
    const sockets = [this.path, this.vhost].map((path, i) => `0: 00000002 00000000 00010000 0001 01 ${70 + i} ${path}`);
    const other = `0: 00000003 00000000 00000000 0001 03 72 ${this.vhost}`;
    this.file('net/unix', ['Num RefCount Protocol Flags Type St Inode Path', ...sockets, other, ''].join('\n'));
    for (const [fd, target] of Object.entries({ 0: '/dev/null', 3: 'socket:[70]', 4: 'socket:[71]', 5: 'socket:[72]' }))
      symlinkSync(target, join(this.procRoot, `${pid}/fd/${fd}`));
    symlinkSync('net:[1]', join(this.procRoot, `${pid}/ns/net`));
    this.maps('rw-s');
  }

  async listen(): Promise<void> {
    this.#server = createServer((peer) => this.#accept(peer));
    this.#server.listen(this.path);
    await once(this.#server, 'listening');
  }

  /** As `kill -9`: its connections end, the file of its socket stays. */
  async die(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    for (const peer of this.peers) peer.destroy();
    server.close();
    await once(server, 'close');
  }

  event(name: string): void {
    const message = { event: name, data: {}, timestamp: { seconds: 1, microseconds: 2 } };
    this.say(`${JSON.stringify(message)}\r\n`);
  }

  say(text: string): void {
    for (const peer of this.peers) peer.write(text);
  }

  file(name: string, text: string): void {
    writeFileSync(join(this.procRoot, `${pid}/${name}`), text);
  }

  startTicks(ticks: number): void {
    this.file('stat', `${pid} (qemu) S ${'0 '.repeat(18)}${ticks} 0\n`);
  }

  commandLine(...args: readonly string[]): void {
    this.file('cmdline', ['qemu-system-x86_64', '-name', 'guest=vm1,debug-threads=on', ...args, ''].join('\0'));
  }

  /** The memory of the guest: an anonymous file, as memory-backend-memfd makes it. */
  maps(rights: string): void {
    const kept = join(this.procRoot, `${pid}/map_files/${memoryAt.toString(16)}-${memoryTo.toString(16)}`);
    writeFileSync(kept, '');
    const inode = statSync(kept).ino;
    const range = `${memoryAt.toString(16)}-${memoryTo.toString(16)}`;
    this.file('maps', `${range} ${rights} 00000000 00:01 ${inode}    /memfd:memory-backend-memfd (deleted)\n`);
  }

  #accept(peer: Socket): void {
    const stream = new JsonStream('FN_QMP_REPLY');
    this.connections++;
    this.peers.add(peer);
    peer.on('error', () => peer.destroy());
    peer.on('close', () => this.peers.delete(peer));
    if (this.first !== undefined) peer.write(this.first);
    peer.on('data', (chunk: Buffer) => {
      for (const text of stream.push(chunk)) this.#answer(JSON.parse(text) as Asked, peer);
    });
  }

  #answer(asked: Asked, peer: Socket): void {
    this.asked.push(asked);
    const known = this.answers[asked.execute];
    if (known === undefined) return;
    const message = typeof known === 'function' ? (known as Answer)(asked, peer) : { return: known };
    if (message !== undefined) peer.write(`${JSON.stringify({ ...(message as object), id: asked.id })}\r\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.die();
    rmSync(this.root, { recursive: true, force: true });
  }
}

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { QmpClient } from '../../../../../collector/sources/vring/qmp-client.ts';
import { checkHarmless, type QmpCall } from '../../../../../collector/sources/vring/qmp-commands.ts';
import type { FourninesError } from '../../../../../core/runtime/error.ts';
import { device, greeting, ScriptedQemu } from './scripted-qemu.ts';

let qemu: ScriptedQemu;
let client: QmpClient;
let events: string[];
let ends: FourninesError[];

beforeEach(async () => {
  qemu = new ScriptedQemu();
  await qemu.listen();
  events = [];
  ends = [];
});
afterEach(async () => {
  client?.close();
  await qemu[Symbol.asyncDispose]();
});

function connect(): QmpClient {
  client = new QmpClient(qemu.path, { onEvent: (name) => events.push(name), onClose: (error) => ends.push(error) });
  return client;
}

const status = { execute: 'query-status' } as const;
const isCode = (code: string, more: object = {}) => expect.objectContaining({ code, ...more });

describe('what is sent to QEMU', () => {
  it('is in the list, or cannot be written down', () => {
    // @ts-expect-error it stops the ring of a running guest
    checkHarmless.bind(undefined, { execute: 'x-query-virtio-queue-status', arguments: { path: device, queue: 0 } });
    // @ts-expect-error it follows what the guest wrote
    checkHarmless.bind(undefined, { execute: 'x-query-virtio-queue-element', arguments: { path: device, queue: 0 } });
    // @ts-expect-error it ends the guest
    checkHarmless.bind(undefined, { execute: 'quit' });
    // @ts-expect-error only a property that is known
    checkHarmless.bind(undefined, { execute: 'qom-get', arguments: { path: device, property: 'realized' } });
  });

  it.each<[string, unknown?]>([
    ['x-query-virtio-queue-status', { path: device, queue: 0 }],
    ['x-query-virtio-queue-status'],
    ['X-Query-Virtio-Queue-Status', { path: device, queue: 0 }],
    ['x-query-virtio-queue-element', { path: device, queue: 0 }],
    ['x-query-virtio-status', { path: device }],
    ['human-monitor-command', { 'command-line': 'info virtio-queue-status' }],
    ...['quit', 'stop', 'system_reset', 'qom-set', 'query-rx-filter', 'constructor', '__proto__', ''].map(
      (name): [string] => [name],
    ),
    ['query-status', { path: device }],
    ['qom-get', { path: device, property: 'realized' }],
    ['qom-get', { path: device }],
    ['qom-get', { path: '/objects/secret0', property: 'netdev' }],
    ['x-query-virtio-vhost-queue-status', { path: device, queue: 2 }],
    ['x-query-virtio-vhost-queue-status', { path: device, queue: '0' }],
    ['x-query-virtio-vhost-queue-status', { path: `${device}"},"x":{"`, queue: 0 }],
    ['x-query-virtio-vhost-queue-status', { path: device, queue: 0, more: 1 }],
    ['x-query-virtio-vhost-queue-status', { path: [device], queue: 0 }],
  ])('never is %s %j', async (execute, args) => {
    await connect().open(5000);
    const call = { execute, ...(args === undefined ? {} : { arguments: args }) } as unknown as QmpCall;
    await expect(client.ask(call, 1000)).rejects.toEqual(isCode('FN_QMP_REFUSED'));
    expect(qemu.asked.map((asked) => asked.execute)).toEqual(['qmp_capabilities']);
    expect(client.isClosed).toBe(false);
  });

  it('has nothing beside a command and its arguments', () => {
    const call = { execute: 'query-status', 'exec-oob': 'quit' } as unknown as QmpCall;
    expect(() => checkHarmless(call)).toThrow(isCode('FN_QMP_REFUSED'));
    expect(() => checkHarmless({ execute: {} } as unknown as QmpCall)).toThrow(isCode('FN_QMP_REFUSED'));
  });
});

describe('a connection to QEMU', () => {
  it('begins with its greeting, and answers', async () => {
    expect(await connect().open(5000)).toEqual(greeting.QMP);
    expect(await client.ask(status, 1000)).toMatchObject({ isGiven: true, value: { status: 'running' } });
    qemu.answers['query-status'] = () => ({ error: { class: 'GenericError', desc: 'no' } });
    expect(await client.ask(status, 1000)).toEqual({ isGiven: false, errorClass: 'GenericError' });
  });

  it('hears events before, between and after answers', async () => {
    qemu.answers['query-status'] = (_: unknown) => {
      qemu.event('RESET');
      return { return: 1 };
    };
    await connect().open(5000);
    qemu.event('STOP');
    await vi.waitFor(() => expect(events).toEqual(['STOP']));
    expect(await client.ask(status, 1000)).toEqual({ isGiven: true, value: 1 });
    expect(events).toEqual(['STOP', 'RESET']);
  });

  it('keeps every digit of an address', async () => {
    qemu.answers['query-status'] = () => undefined;
    await connect().open(5000);
    const answer = client.ask(status, 1000);
    await vi.waitFor(() => expect(qemu.asked).toHaveLength(2));
    qemu.say(`{"return": {"desc": 18446744073709551615}, "id": ${qemu.asked[1]?.id}}\r\n`);
    expect(await answer).toEqual({ isGiven: true, value: { desc: 2n ** 64n - 1n } });
  });

  it('asks one thing at a time', async () => {
    qemu.answers['query-status'] = () => undefined;
    await connect().open(5000);
    const first = client.ask(status, 60_000);
    await expect(client.ask(status, 1000)).rejects.toEqual(isCode('FN_INTERNAL'));
    client.close();
    await expect(first).rejects.toEqual(isCode('FN_QMP_AWAY'));
    await expect(client.ask(status, 1000)).rejects.toEqual(isCode('FN_QMP_AWAY'));
  });

  it('is held by another client where nobody greets', async () => {
    qemu.first = undefined;
    const error = await connect()
      .open(50)
      .catch((thrown: FourninesError) => thrown);
    expect(error).toEqual(isCode('FN_QMP_AWAY', { context: expect.objectContaining({ isHeld: true }) }));
    expect((error as FourninesError).message).toContain('another client');
    expect(qemu.asked).toEqual([]);
  });

  it('ends where an answer does not come in time, and says to which question', async () => {
    qemu.answers['query-status'] = () => undefined;
    await connect().open(5000);
    const error = await client.ask(status, 50).catch((thrown: FourninesError) => thrown);
    expect(error).toEqual(isCode('FN_QMP_AWAY', { context: expect.objectContaining({ isHeld: false }) }));
    expect((error as FourninesError).message).toContain('query-status');
    expect(client.isClosed).toBe(true);
    expect(ends).toHaveLength(1);
  });

  it('ends where nobody listens, and where QEMU dies in the middle', async () => {
    qemu.answers['query-status'] = () => undefined;
    await connect().open(5000);
    const answer = client.ask(status, 60_000).catch((thrown: FourninesError) => thrown.code);
    await vi.waitFor(() => expect(qemu.asked).toHaveLength(2));
    await qemu.die();
    expect(await answer).toBe('FN_QMP_AWAY');
    await expect(connect().open(5000)).rejects.toEqual(isCode('FN_QMP_AWAY'));
  });

  it.each<[string, string]>([
    ['no JSON', 'hello\r\n'],
    ['a list', '[1]\r\n'],
    ['broken JSON', '{"return": }\r\n'],
    ['an answer to something else', '{"return": {}, "id": 999}\r\n'],
    ['an answer without an id', '{"return": {}}\r\n'],
    ['an error without an id', '{"error": {"class": "GenericError", "desc": "x"}}\r\n'],
    ['a second greeting', `${JSON.stringify(greeting)}\r\n`],
    ['too deep', `{"return": ${'['.repeat(40)}${']'.repeat(40)}}\r\n`],
    ['too long', `{"return": "${'x'.repeat(300 * 1024)}"}\r\n`],
    ['events without end', `{"event": "X", "data": "${'x'.repeat(200_000)}"}\r\n`.repeat(6)],
  ])('ends on %s', async (_name, text) => {
    qemu.answers['query-status'] = () => undefined;
    await connect().open(5000);
    const answer = client.ask(status, 60_000).catch((thrown: FourninesError) => thrown.code);
    await vi.waitFor(() => expect(qemu.asked).toHaveLength(2));
    qemu.say(text);
    expect(await answer).toBe('FN_QMP_REPLY');
    expect(ends.map(({ code }) => code)).toEqual(['FN_QMP_REPLY']);
  });

  it.each([
    ['something else than a greeting', '{"return": {}}\r\n'],
    ['garbage', '\u0000\u0001'],
  ])('does not begin with %s', async (_name, text) => {
    qemu.first = text;
    await expect(connect().open(5000)).rejects.toEqual(isCode('FN_QMP_REPLY'));
  });
});

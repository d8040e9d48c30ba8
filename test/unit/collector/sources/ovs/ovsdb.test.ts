import { afterEach, describe, expect, it, vi } from 'vitest';
import { OvsdbMonitor, type OvsdbUpdate } from '../../../../../collector/sources/ovs/ovsdb.ts';
import { sleepMs } from '../../../../../core/runtime/clock.ts';
import type { FourninesError } from '../../../../../core/runtime/error.ts';
import { capture } from './captures.ts';
import { answer, type Question, type Script, ScriptedServer } from './scripted-server.ts';

const lines = capture('3.1/ovsdb-session.ndjson').trimEnd().split('\n');
const [schema, initial] = lines.slice(0, 2).map((line) => JSON.parse(line).result);
const statistics =
  '{"id":null,"method":"update2","params":["fournines",{"Interface":{"ed9683c9-460c-451d-ad76-eb08a748f33c":' +
  '{"modify":{"statistics":["map",[["ovs_tx_retries",9007199254740993]]]}}}}]}';

/** Answers as ovsdb-server does, then hands the connection to `after`. */
function serve(after: Script = () => {}): Script {
  return (question) => {
    if (question.method === 'get_schema') answer(question, schema);
    else if (question.method === 'monitor_cond') {
      answer(question, initial);
      after(question);
    }
  };
}

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function watch(script: Script, answerMs = 5000) {
  const server = new ScriptedServer(script);
  await server.listen();
  const updates: OvsdbUpdate[] = [];
  const failures: FourninesError[] = [];
  const monitor = new OvsdbMonitor({
    path: server.path,
    clock: { read: () => ({ wallNs: 1n, monoNs: BigInt(updates.length) }), sleep: sleepMs },
    random: () => 0,
    listener: {
      onHeard: () => undefined,
      onUpdate: (update) => updates.push(update),
      onAway: (error) => failures.push(error),
    },
    waits: { retryMinMs: 2, retryMaxMs: 20, answerMs, probeMs: answerMs },
  });
  cleanups.push(
    () => monitor.stop(),
    () => server.die(),
  );
  monitor.start();
  return { server, monitor, updates, failures };
}

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 2 });
const names = (update: OvsdbUpdate | undefined) =>
  [...(update?.snapshot.interfaces.values() ?? [])].map(({ name }) => name).sort();

describe('the OVSDB monitor', () => {
  it('asks for columns of the schema and tells each transaction with the interfaces whose statistics it touched', async () => {
    const { server, updates } = await watch(serve(({ socket }) => socket.write(statistics)));
    await eventually(() => expect(updates).toHaveLength(2));
    expect(updates[0]).toMatchObject({ isResync: true, statistics: new Set(), at: { monoNs: 0n } });
    expect(names(updates[0])).toEqual(['br0', 'null0', 'vhu1', 'vhu1b', 'vhu2']);
    expect(updates[1]).toMatchObject({ isResync: false, at: { monoNs: 1n } });
    const [touched] = updates[1]?.statistics ?? [];
    expect(updates[1]?.snapshot.interfaces.get(touched ?? '')?.statistics.get('ovs_tx_retries')).toBe(2n ** 53n + 1n);
    const [, requests] = [server.questions[1]?.params[0], server.questions[1]?.params[2]];
    expect(requests).toMatchObject({ Interface: [{ columns: expect.arrayContaining(['statistics', 'status']) }] });
    expect(server.questions.map(({ method }) => method)).toEqual(['get_schema', 'monitor_cond']);
  });

  it('reads a session that is cut at every byte', async () => {
    const { updates, failures } = await watch(
      serve(({ socket }) => {
        const bytes = Buffer.from(lines.slice(2).join(''));
        let at = 0;
        const next = () => {
          if (at < bytes.length) socket.write(bytes.subarray(at, ++at), () => setImmediate(next));
        };
        next();
      }),
    );
    await eventually(() => expect(updates).toHaveLength(lines.length - 1));
    expect(names(updates.at(-1))).toEqual(['br0', 'null0', 'vhu1', 'vhu1b']);
    expect(failures).toEqual([]);
  });

  it('answers echo', async () => {
    const { server } = await watch(serve(({ socket }) => socket.write('{"id":"e1","method":"echo","params":["a"]}')));
    await eventually(() => expect(server.questions.at(-1)).toMatchObject({ id: 'e1', method: undefined }));
  });

  it('takes the whole state anew after the server restarted', async () => {
    const { server, updates, failures } = await watch(serve(({ socket }) => socket.write(lines.slice(2).join(''))));
    await eventually(() => expect(updates).toHaveLength(lines.length - 1));
    server.script = serve();
    await server.die();
    await eventually(() => expect(failures.length).toBeGreaterThan(1));
    expect(new Set(failures.map(({ code }) => code))).toEqual(new Set(['FN_OVS_AWAY']));
    await server.listen();
    await eventually(() => expect(updates.at(-1)?.isResync && updates.length).toBe(lines.length));
    expect(names(updates.at(-1))).toContain('vhu2');
  });

  it.each<[string, string, Script]>([
    ['a difference that does not fit', 'FN_OVS_REPLY', ({ socket }) => socket.write(`${lines.at(-1)}${lines.at(-1)}`)],
    ['a second whole state', 'FN_OVS_REPLY', (question) => answer(question, initial)],
    ['no JSON', 'FN_OVS_REPLY', ({ socket }) => socket.write('{"a"}')],
    [
      'a cancelled monitor',
      'FN_OVS_AWAY',
      ({ socket }) => socket.write('{"id":null,"method":"monitor_canceled","params":["fournines"]}'),
    ],
    ['an end in a message', 'FN_OVS_AWAY', ({ socket }) => socket.end('{"id":null,"meth')],
  ])('connects again after %s', async (_what, code, script) => {
    const { updates, failures } = await watch(serve((question) => question.connection === 1 && script(question)));
    await eventually(() => expect(updates.filter(({ isResync }) => isResync)).toHaveLength(2));
    expect(failures.map((failure) => failure.code)).toEqual([code]);
  });

  it.each<[string, Script]>([
    ['an unknown database', (question) => answer(question, null, { error: 'unknown database' })],
    ['a schema that is none', (question) => answer(question, [])],
    ['an update before the state', ({ socket }) => socket.write(statistics)],
  ])('refuses %s and tries again', async (_what, script) => {
    const { server, failures } = await watch(script);
    await eventually(() => expect(server.connections).toBeGreaterThan(2));
    expect(failures[0]).toMatchObject({ code: 'FN_OVS_REPLY' });
  });

  it('asks a silent server whether it is there, then gives it up', async () => {
    const { server, updates, failures } = await watch(serve(), 30);
    await eventually(() => expect(updates.length).toBeGreaterThan(1));
    expect(server.questions.filter(({ connection }) => connection === 1).at(-1)).toMatchObject({ method: 'echo' });
    expect(failures[0]).toMatchObject({ code: 'FN_OVS_AWAY' });
  });

  it('gives up a server that never answers at all', async () => {
    const { server } = await watch(() => {}, 20);
    await eventually(() => expect(server.connections).toBeGreaterThan(2));
  });

  it('is quiet once stopped, and starts again', async () => {
    const { monitor, server, updates, failures } = await watch(serve());
    await eventually(() => expect(updates).toHaveLength(1));
    await monitor.stop();
    await monitor.stop();
    expect(failures).toEqual([]);
    monitor.start();
    await eventually(() => expect(updates).toHaveLength(2));
    expect(server.connections).toBe(2);
  });

  it('stops in the middle of a wait', async () => {
    const { monitor, server, failures } = await watch(serve());
    await server.die();
    await eventually(() => expect(failures.length).toBeGreaterThan(0));
    await monitor.stop();
    const told = failures.length;
    await sleepMs(50, new AbortController().signal);
    expect(failures).toHaveLength(told);
  });

  it('asks nothing but schema, monitor and echo', async () => {
    const seen = new Set<Question['method']>();
    const { server, updates } = await watch(serve(), 30);
    await eventually(() => expect(updates.length).toBeGreaterThan(2));
    for (const { method } of server.questions) seen.add(method);
    expect(seen).toEqual(new Set(['get_schema', 'monitor_cond', 'echo']));
  });
});

import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { UnixctlClient } from '../../../../../collector/sources/ovs/unixctl.ts';
import { answer, type Question, type Script, ScriptedServer } from './scripted-server.ts';

const opened: { close(): void }[] = [];
const servers: ScriptedServer[] = [];

async function start(script: Script) {
  const server = new ScriptedServer(script);
  await server.listen();
  servers.push(server);
  const client = new UnixctlClient(server.path);
  opened.push(client);
  return { server, client };
}

afterEach(async () => {
  for (const client of opened.splice(0)) client.close();
  for (const server of servers.splice(0)) await server.die();
});

const soon = { deadlineMs: 5000 };
const brief = { deadlineMs: 40 };
const away = expect.objectContaining({ code: 'FN_OVS_AWAY' });
const unusable = expect.objectContaining({ code: 'FN_OVS_REPLY' });

describe('unixctl', () => {
  it('asks over one connection and sends arguments as texts', async () => {
    const { server, client } = await start((question) => answer(question, `${question.params.length}`));
    expect(await client.call('dpif-netdev/pmd-rxq-show', ['-secs', '5'], soon)).toBe('2');
    expect(await client.call('version', [], soon)).toBe('0');
    expect(server.connections).toBe(1);
    expect(server.questions[0]).toMatchObject({ method: 'dpif-netdev/pmd-rxq-show', params: ['-secs', '5'] });
  });

  it('reads an answer that is cut at any byte', async () => {
    const result = 'port 1: "ü" {\\n}\n'.repeat(3);
    const whole = (question: Question) => Buffer.from(JSON.stringify({ result, error: null, id: question.id }));
    let cut = 0;
    const { client } = await start((question) => {
      const bytes = whole(question);
      question.socket.write(bytes.subarray(0, cut), () =>
        setImmediate(() => question.socket.write(bytes.subarray(cut))),
      );
    });
    const bytes = Buffer.from(JSON.stringify({ result, error: null, id: 100 })).length;
    for (cut = 1; cut < bytes; cut++) expect(await client.call('dpctl/show', ['-s'], soon)).toBe(result);
  });

  it.each([
    ['exit', []],
    ['dpif-netdev/pmd-rxq-rebalance', []],
    ['dpif-netdev/pmd-stats-clear', []],
    ['netdev-dpdk/set-admin-state', ['vhu1', 'down']],
    ['dpctl/del-flows', []],
    ['dpctl/add-if', ['netdev@ovs-netdev', 'x']],
    ['dpctl/show', ['--clear']],
    ['dpctl/show', ['--may-create']],
    ['dpctl/dump-flows', ['-m', '--clear']],
    ['dpif-netdev/pmd-perf-show', ['-it', '100']],
    ['dpif-netdev/pmd-perf-log-set', ['on']],
    ['vlog/set', ['dbg']],
    ['coverage/show', ['x']],
    ['toString', []],
    ['', []],
  ])('never sends %s %j', async (command, args) => {
    const { server, client } = await start((question) => answer(question, ''));
    await expect(client.call(command as 'version', args, soon)).rejects.toMatchObject({ code: 'FN_OVS_REFUSED' });
    expect(await client.call('version', [], soon)).toBe('');
    expect(server.questions.map(({ method }) => method)).toEqual(['version']);
  });

  it.each([
    ['dpctl/show', ['-s', 'netdev@ovs-netdev']],
    ['dpctl/dump-flows', ['-m', '--no-names', 'netdev@ovs-netdev']],
    ['dpif-netdev/pmd-perf-show', ['-nh']],
    ['coverage/show', []],
  ] as const)('sends %s %j', async (command, args) => {
    const { client } = await start((question) => answer(question, question.method));
    expect(await client.call(command, args, soon)).toBe(command);
  });

  it('throws a late answer away: it never meets the next question, and nothing is sent behind a stalled one', async () => {
    const waiting: Question[] = [];
    const { server, client } = await start((question) => waiting.push(question));
    await expect(client.call('version', [], brief)).rejects.toEqual(away);
    await expect(client.call('coverage/show', [], brief)).rejects.toEqual(away);
    const next = client.call('memory/show', [], soon);
    await nextTurn();
    expect(server.questions.map(({ method }) => method)).toEqual(['version']);
    answer(waiting[0] as Question, 'late');
    await vi.waitFor(() => expect(waiting).toHaveLength(2));
    answer(waiting[1] as Question, 'right');
    expect(await next).toBe('right');
    expect(server.questions.map(({ method }) => method)).toEqual(['version', 'memory/show']);
    expect(server.connections).toBe(1);
  });

  it('asks one question at a time, however many are wanted', async () => {
    let open = 0;
    let openMax = 0;
    const { client } = await start((question) => {
      openMax = Math.max(openMax, ++open);
      setImmediate(() => {
        open--;
        answer(question, question.method);
      });
    });
    const commands = ['version', 'coverage/show', 'memory/show', 'dpif/show'] as const;
    expect(await Promise.all(commands.map((command) => client.call(command, [], soon)))).toEqual(commands);
    expect(openMax).toBe(1);
  });

  it.each<[string, Script]>([
    ['an id that was not asked', ({ socket }) => socket.write('{"id":99,"result":"x","error":null}')],
    [
      'an id of another type',
      ({ socket, id }) => socket.write(JSON.stringify({ id: `${id}`, result: 'x', error: null })),
    ],
    ['something that is not JSON', ({ socket }) => socket.write('{"id":1,}')],
    ['something without an object', ({ socket }) => socket.write('HTTP/1.1 400')],
    ['a result that is no text', (question) => answer(question, { a: 1 })],
    ['a reply that never ends', ({ socket }) => socket.write(`{"a":"${'x'.repeat(17 * 1024 * 1024)}`)],
  ])('refuses %s and goes on over a new connection', async (_what, script) => {
    const { server, client } = await start(script);
    await expect(client.call('version', [], soon)).rejects.toEqual(unusable);
    server.script = (question) => answer(question, 'fine');
    expect(await client.call('version', [], soon)).toBe('fine');
  });

  it('tells the error of the daemon as such, and keeps the connection', async () => {
    const { server, client } = await start((question) =>
      answer(question, null, 'please specify an existing datapath\n'),
    );
    await expect(client.call('dpif-netdev/pmd-rxq-show', [], soon)).rejects.toMatchObject({
      code: 'FN_OVS_REPLY',
      context: { answer: 'error', command: 'dpif-netdev/pmd-rxq-show' },
    });
    server.script = (question) => answer(question, 'fine');
    expect(await client.call('version', [], soon)).toBe('fine');
    expect(server.connections).toBe(1);
  });

  it.each<[string, Script]>([
    ['before the answer', ({ socket }) => socket.end()],
    ['in the answer', ({ socket }) => socket.end('{"id":1,"result":"half')],
    ['by force', ({ socket }) => socket.destroy()],
  ])('is away when the peer ends %s', async (_what, script) => {
    const { client } = await start(script);
    await expect(client.call('version', [], soon)).rejects.toEqual(away);
  });

  it('is away while there is no daemon, and back with the next one', async () => {
    const { server, client } = await start((question) => answer(question, 'one'));
    expect(await client.call('version', [], soon)).toBe('one');
    await server.die();
    await expect(client.call('version', [], soon)).rejects.toEqual(away);
    server.script = (question) => answer(question, 'two');
    await server.listen();
    expect(await client.call('version', [], soon)).toBe('two');
  });

  it('gives up when told to, and when closed', async () => {
    const { client } = await start(() => {});
    const stop = new AbortController();
    const call = client.call('version', [], { ...soon, signal: stop.signal });
    stop.abort(new Error('stopped'));
    await expect(call).rejects.toThrow('stopped');
    await expect(client.call('version', [], { ...soon, signal: stop.signal })).rejects.toThrow('stopped');
    const waiting = client.call('version', [], soon);
    client.close();
    await expect(waiting).rejects.toEqual(away);
    await expect(client.call('version', [], soon)).rejects.toEqual(away);
  });
});

import { afterAll, afterEach, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { openAddon } from '../../native/addon.ts';
import type { PacedConnection, PacedRound } from '../../native/facade.ts';
import { describeBuilt } from './built.ts';
import { type Behaviour, PeerFolder, type ScriptedPeer } from './telemetry-peer.ts';

const pace = { intervalMs: 2, replyDeadlineMs: 10_000 };

describeBuilt('telemetry client, series of rounds', () => {
  let folder: PeerFolder;
  let facade: ReturnType<typeof openAddon>;
  beforeAll(() => {
    folder = new PeerFolder();
  });
  afterAll(() => folder[Symbol.dispose]());
  beforeEach(() => {
    facade = openAddon();
  });
  afterEach(() => facade.close());

  const connected = async (
    behaviour: Behaviour,
  ): Promise<{ readonly peer: ScriptedPeer; readonly connection: PacedConnection }> => {
    const peer = await folder.start(behaviour);
    onTestFinished(() => peer[Symbol.asyncDispose]());
    return { peer, connection: await facade.openTelemetry(peer.path, { deadlineMs: 10_000 }) };
  };
  const echo: Behaviour = { answer: (command) => [`{"${command}":{"a":1}}`] };

  it('begins a round in each interval, and counts those without one', async () => {
    const { connection } = await connected(echo);
    const rounds: PacedRound[] = [];
    for await (const round of connection.repeat(['/x'], pace)) if (rounds.push(round) === 50) break;
    const intervals = rounds.slice(1).reduce((sum, { skipped }) => sum + skipped + 1, 0);
    const [first, last] = [rounds[0]?.replies[0]?.monoNs ?? 0n, rounds.at(-1)?.replies[0]?.monoNs ?? 0n];
    const spans = rounds.map(({ replies }) => Number(replies[0]?.spanNs));
    // The stamps lie in the middle of each answer, at most its whole span away from the round's begin.
    const slackMs = pace.intervalMs + Math.max(...spans) / 1e6;
    expect(Math.abs(Number(last - first) / 1e6 - intervals * pace.intervalMs)).toBeLessThanOrEqual(slackMs);
    expect(rounds.every(({ replies }) => replies[0]?.status === 'ok')).toBe(true);
  });

  it('is over when its loop is left, and the connection takes a single round again', async () => {
    const { peer, connection } = await connected(echo);
    for await (const _ of connection.repeat(['/x'], pace)) break;
    const before = peer.commands.length;
    expect((await connection.round(['/y'], pace)).replies[0]?.status).toBe('ok');
    expect(peer.commands.slice(before)).toEqual(['/y']);
  });

  it('refuses a round beside it', async () => {
    const { connection } = await connected(echo);
    for await (const _ of connection.repeat(['/x'], pace)) {
      await expect(connection.round(['/y'], pace)).rejects.toMatchObject({ code: 'FN_INTERNAL' });
      break;
    }
  });

  it('ends with the connection, and throws when the peer is gone', async () => {
    const { connection } = await connected(echo);
    for await (const _ of connection.repeat(['/x'], pace)) void connection.close();
    const second = await connected(echo);
    const reading = (async () => {
      for await (const _ of second.connection.repeat(['/x'], pace)) second.peer.signal('SIGKILL');
    })();
    await expect(reading).rejects.toMatchObject({ code: 'FN_TELEMETRY_GONE' });
  });

  it('keeps the newest 256 that nobody takes, counts the others as skipped, and forgets no name', async () => {
    let made = 0;
    const { peer, connection } = await connected({ answer: () => [`{"/x":{"n${made++}":1}}`] });
    const series = connection.repeat(['/x'], { ...pace, intervalMs: 1 })[Symbol.asyncIterator]();
    await series.next();
    // Nobody asks for the next one meanwhile.
    await peer.until(() => made > 300, 'more rounds than may wait');
    const next = await series.next();
    const round: PacedRound = next.value;
    expect(round.skipped).toBeGreaterThan(0);
    for (let i = 0; i < 250; i++) {
      const { value } = await series.next();
      expect(value.replies[0].names).toHaveLength(1);
    }
    await series.return?.();
  });

  it('refuses an interval that is none', async () => {
    const { connection } = await connected(echo);
    const series = connection.repeat(['/x'], { ...pace, intervalMs: 0 })[Symbol.asyncIterator]();
    await expect(series.next()).rejects.toMatchObject({ code: 'FN_INTERNAL' });
  });
});

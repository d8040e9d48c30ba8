import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Type } from 'typebox';
import { FourninesError } from '../../../core/runtime/error.ts';
import type { Arrival } from '../../live/fleet.ts';
import type { ApiContext } from '../context.ts';
import { Problem } from '../schema/common.ts';
import type { TickEvent } from '../schema/stream.ts';
import type { Api } from '../server.ts';

/** Offsets of a bus in memory begin again with the process: an id says of which run it is. */
const thisRun = randomBytes(4).toString('hex');
const heartbeatMs = 15_000;
/** What is kept to be replayed to a client that was away. */
const replayTicksMax = 300;
const replayBytesMax = 8 * 1024 * 1024;
/** A client that does not read is let go with so much unread; it comes back with its last id. */
const unreadBytesMax = 1024 * 1024;

const Name = Type.String({ minLength: 1, maxLength: 255 });
const StreamQuery = Type.Object(
  { host: Type.Optional(Name), port: Type.Optional(Name) },
  { additionalProperties: false },
);

interface Client {
  readonly response: ServerResponse;
  readonly host: string | undefined;
  readonly port: string | undefined;
}

interface Kept {
  readonly offset: bigint;
  readonly tick: TickEvent;
  readonly bytes: number;
}

/** GET /stream: what arrives, as server-sent events. */
export function streamRoute(api: Api, context: ApiContext): void {
  const clients = new Set<Client>();
  const kept: Kept[] = [];
  let keptBytes = 0;

  const unsubscribe = context.fleet.subscribe((arrival) => {
    const tick = tickEventOf(arrival);
    const bytes = JSON.stringify(tick).length;
    kept.push({ offset: arrival.offset, tick, bytes });
    keptBytes += bytes;
    while (kept.length > replayTicksMax || keptBytes > replayBytesMax) keptBytes -= kept.shift()?.bytes ?? 0;
    for (const client of clients) send(client, arrival.offset, tick);
  });
  const heartbeat = setInterval(() => {
    for (const { response } of clients) {
      if (response.writableLength > unreadBytesMax) response.destroy();
      else response.write(': alive\n\n');
    }
  }, heartbeatMs);
  heartbeat.unref();
  // A page comes back by itself, and finds the next server or is told that there is none yet.
  context.phase.draining.addEventListener('abort', () => {
    for (const { response } of clients) response.end();
  });
  api.addHook('preClose', async () => {
    unsubscribe();
    clearInterval(heartbeat);
    for (const { response } of clients) response.end();
  });

  api.get(
    '/stream',
    { schema: { querystring: StreamQuery, response: { '4xx': Problem, '5xx': Problem } } },
    (request, reply) => {
      context.phase.draining.throwIfAborted();
      if (clients.size >= context.streamsMax) {
        throw new FourninesError('FN_TOO_MANY_STREAMS', `${clients.size} streams are open`);
      }
      reply.hijack();
      const client: Client = { response: reply.raw, host: request.query.host, port: request.query.port };
      client.response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
        'x-content-type-options': 'nosniff',
      });
      client.response.write('retry: 1000\n\n');
      clients.add(client);
      // A socket that breaks is the client's going away, nothing more.
      client.response.on('error', () => clients.delete(client));
      client.response.on('close', () => clients.delete(client));
      replay(client, request.headers['last-event-id'], kept);
    },
  );
}

/** What the client missed, or `reset` when that is no longer all here, or more than it could take at once. */
function replay(client: Client, lastEventId: string | string[] | undefined, kept: readonly Kept[]): void {
  if (typeof lastEventId !== 'string') return;
  const [run, digits = ''] = lastEventId.split('.');
  const last = run === thisRun && /^\d{1,19}$/.test(digits) ? BigInt(digits) : undefined;
  const first = kept[0];
  const missed = kept.filter(({ offset }) => last !== undefined && offset > last);
  const tooMuch = missed.reduce((sum, { bytes }) => sum + bytes, 0) > unreadBytesMax / 2;
  if (last === undefined || first === undefined || last + 1n < first.offset || tooMuch) {
    client.response.write('event: reset\ndata: {}\n\n');
    return;
  }
  for (const { offset, tick } of missed) send(client, offset, tick);
}

function send(client: Client, offset: bigint, tick: TickEvent): void {
  if (client.host !== undefined && client.host !== tick.host) return;
  // Judged before writing: one large tick is no sign of a client that does not read.
  if (client.response.writableLength > unreadBytesMax) {
    client.response.destroy();
    return;
  }
  const ports = client.port === undefined ? tick.ports : tick.ports.filter(({ port }) => port === client.port);
  client.response.write(`id: ${thisRun}.${offset}\nevent: tick\ndata: ${JSON.stringify({ ...tick, ports })}\n\n`);
}

function tickEventOf({ host, slot, rows }: Arrival): TickEvent {
  const causes = Map.groupBy(rows.drops, (row) => `${row.port}\u0000${row.direction}`);
  return {
    host,
    slot,
    ports: rows.ports.map((row) => {
      const moved = (causes.get(`${row.port}\u0000${row.direction}`) ?? []).filter(({ place }) => place !== 'filtered');
      const beside = moved.reduce((sum, drop) => (drop.place === 'beside' ? sum + (drop.packetsInc ?? 0n) : sum), 0n);
      // A qdisc read at other seconds than its port says nothing of this slot alone.
      const besideKnown = moved.every(
        (drop) =>
          drop.place !== 'beside' || (drop.packetsInc !== null && drop.slot === row.slot && drop.slots === row.slots),
      );
      const known = row.dropsOutsideInc !== null && row.dropsInsideInc !== null && besideKnown;
      return {
        port: row.port,
        direction: row.direction,
        countedIn: row.countedIn,
        slot: row.slot,
        slots: row.slots,
        state: row.state,
        suspect: row.suspect === 1,
        packets: digits(row.packetsInc),
        bytes: digits(row.bytesInc),
        drops: known ? digits((row.dropsOutsideInc ?? 0n) + (row.dropsInsideInc ?? 0n) + beside) : null,
        // A cause told over several seconds says nothing of this slot alone either.
        causes: moved.flatMap(({ cause, packetsInc, slot: first, slots }) =>
          packetsInc === null || packetsInc === 0n || first !== row.slot || slots !== row.slots
            ? []
            : [{ cause, packets: String(packetsInc) }],
        ),
      };
    }),
  };
}

function digits(value: bigint | null): string | null {
  return value === null ? null : String(value);
}

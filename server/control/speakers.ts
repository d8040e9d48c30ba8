import type { ControlSession, ControlStore } from './control-store.ts';

/** Who spoke in a message. */
export interface Speaker {
  readonly host: string;
  readonly stream: string;
}

/** Which messages of a stream are in a block. */
export interface StreamState extends Speaker {
  readonly highest: bigint;
  /** Below it nobody knows any more. */
  readonly floor: bigint;
  /** Ranges below `highest` that have not come: '4-9,12-12'. */
  readonly gaps: string;
}

/** The stream that may speak for a host. */
export interface HostState extends Speaker {
  readonly newestSlot: bigint;
  readonly released: boolean;
}

export interface Speakers {
  readonly streams: readonly StreamState[];
  readonly hosts: readonly HostState[];
}

/** What is known of these streams and their hosts, locked until the transaction ends. */
export async function readSpeakers(session: ControlSession, speakers: readonly Speaker[]): Promise<Speakers> {
  if (speakers.length === 0) return { streams: [], hosts: [] };
  const asked = JSON.stringify(speakers);
  const streams = await session.query(
    `SELECT s.host, s.stream, s.highest, s.floor, s.gaps FROM ingest_stream s
     JOIN jsonb_to_recordset($1::text::jsonb) AS x(host text, stream text) USING (host, stream) FOR UPDATE OF s`,
    [asked],
  );
  const hosts = await session.query(
    `SELECT host, stream, newest_slot, released FROM ingest_host
     WHERE host IN (SELECT host FROM jsonb_to_recordset($1::text::jsonb) AS x(host text)) FOR UPDATE`,
    [asked],
  );
  return {
    streams: streams.map((row) => ({
      host: String(row['host']),
      stream: String(row['stream']),
      highest: row['highest'] as bigint,
      floor: row['floor'] as bigint,
      gaps: String(row['gaps']),
    })),
    hosts: hosts.map((row) => ({
      host: String(row['host']),
      stream: String(row['stream']),
      newestSlot: row['newest_slot'] as bigint,
      released: row['released'] === true,
    })),
  };
}

export async function writeSpeakers(session: ControlSession, { streams, hosts }: Speakers): Promise<void> {
  const decimal = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);
  if (streams.length > 0) {
    await session.query(
      `INSERT INTO ingest_stream (host, stream, highest, floor, gaps)
       SELECT host, stream, highest, floor, gaps FROM jsonb_to_recordset($1::text::jsonb)
         AS x(host text, stream text, highest bigint, floor bigint, gaps text)
       ON CONFLICT (host, stream) DO UPDATE SET
         highest = excluded.highest, floor = excluded.floor, gaps = excluded.gaps, at = clock_timestamp()`,
      [JSON.stringify(streams, decimal)],
    );
  }
  if (hosts.length === 0) return;
  await session.query(
    `INSERT INTO ingest_host (host, stream, newest_slot, released)
     SELECT host, stream, "newestSlot", released FROM jsonb_to_recordset($1::text::jsonb)
       AS x(host text, stream text, "newestSlot" bigint, released boolean)
     ON CONFLICT (host) DO UPDATE SET
       stream = excluded.stream, newest_slot = excluded.newest_slot, released = excluded.released`,
    [JSON.stringify(hosts, decimal)],
  );
}

/** Lets the next stream that speaks for the host take over, whatever the present one does. False: no such host. */
export async function releaseHost(store: ControlStore, host: string): Promise<boolean> {
  const rows = await store.query('UPDATE ingest_host SET released = true WHERE host = $1 RETURNING 1', [host]);
  return rows.length === 1;
}

/** Removes streams that nobody has heard of for so long; the present one of a host stays. */
export async function forgetStreams(store: ControlStore, days: number): Promise<void> {
  await store.query(
    `DELETE FROM ingest_stream s WHERE at < clock_timestamp() - $1::integer * interval '1 day'
       AND NOT EXISTS (SELECT FROM ingest_host h WHERE h.host = s.host AND h.stream = s.stream)`,
    [days],
  );
}

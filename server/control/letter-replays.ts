import type { ControlStore } from './control-store.ts';

export interface LetterKey {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** When each of these letters was sent again, ms since 1970, in their order; null: never. */
export async function readReplays(
  store: ControlStore,
  keys: readonly LetterKey[],
): Promise<readonly (number | null)[]> {
  const asked = keys.map(({ topic, partition, offset }, n) => ({ n, topic, partition, at_offset: String(offset) }));
  const rows = await store.query(
    `SELECT x.n, (extract(epoch FROM r.at) * 1000)::bigint AS at_ms
     FROM jsonb_to_recordset($1::text::jsonb) AS x(n integer, topic text, partition integer, at_offset bigint)
     JOIN letter_replay r ON r.topic = x.topic AND r.partition = x.partition AND r.letter_offset = x.at_offset`,
    [JSON.stringify(asked)],
  );
  const found = new Map(rows.map((row) => [Number(row['n']), Number(row['at_ms'])]));
  return keys.map((_, n) => found.get(n) ?? null);
}

export async function recordReplay(store: ControlStore, { topic, partition, offset }: LetterKey): Promise<void> {
  await store.query(
    'INSERT INTO letter_replay (topic, partition, letter_offset) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
    [topic, partition, offset],
  );
}

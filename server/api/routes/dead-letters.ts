import { Type } from 'typebox';
import { FourninesError } from '../../../core/runtime/error.ts';
import type { LetterKey } from '../../control/letter-replays.ts';
import type { Letter } from '../../ingest/letters.ts';
import type { ApiContext } from '../context.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { ownPageOnly } from '../own-page-only.ts';
import { RequestProblem } from '../problem.ts';
import { PageQuery, Problem } from '../schema/common.ts';
import { type DeadLetter, DeadLetterDetail, DeadLetterPage, Release, Replay } from '../schema/dead-letters.ts';
import type { Api } from '../server.ts';

const strict = { additionalProperties: false } as const;
const Name = Type.String({ minLength: 1, maxLength: 255 });
const params = Type.Object({ id: Type.String({ minLength: 1, maxLength: 500 }) }, strict);
const problems = { '4xx': Problem, '5xx': Problem };
const replayDeadlineMs = 60_000;
const idForm = /^([A-Za-z0-9._-]+):(\d{1,9}):(\d{1,20})$/;

/** Messages that were kept out, and their way back in. */
export function deadLetterRoutes(api: Api, { letters }: ApiContext): void {
  const querystring = Type.Object({ ...PageQuery, code: Type.Optional(Name), host: Type.Optional(Name) }, strict);
  api.get(
    '/dead-letters',
    { schema: { querystring, response: { 200: DeadLetterPage, ...problems } } },
    async ({ query }) => {
      const { code = '', host = '', limit } = query;
      const [atMs = '', id = ''] = decodeCursor(query.cursor, 2) ?? [];
      const before = id === '' ? undefined : { ...keyOf(id), atMs };
      const found = await letters.list({ code, host, before, limit: limit + 1 });
      const last = found.length > limit ? found[limit - 1] : undefined;
      const nextCursor = last === undefined ? null : encodeCursor([last.atMs, idOf(last)]);
      return { items: found.slice(0, limit).map(told), nextCursor };
    },
  );
  api.get(
    '/dead-letters/:id',
    { schema: { params, response: { 200: DeadLetterDetail, ...problems } } },
    async (request) => {
      const [letter] = await letters.find(keyOf(request.params.id));
      if (letter === undefined) throw new FourninesError('FN_NOT_FOUND', 'there is no such letter');
      return { ...told(letter), bytes: letter.bytes.toString('base64') };
    },
  );
  api.post(
    '/dead-letters/:id/replay',
    { schema: { params, response: { 200: Replay, ...problems } }, onRequest: ownPageOnly },
    async (request) => {
      const replayed = await letters.replay(keyOf(request.params.id), AbortSignal.timeout(replayDeadlineMs));
      return { code: '', reason: '', ...replayed };
    },
  );
  api.post(
    '/hosts/:host/release',
    {
      schema: { params: Type.Object({ host: Name }, strict), response: { 200: Release, ...problems } },
      onRequest: ownPageOnly,
    },
    async (request) => {
      const { host } = request.params;
      if (!(await letters.release(host))) throw new FourninesError('FN_NOT_FOUND', `there is no host ${host}`);
      return { host, released: true };
    },
  );
}

function idOf({ topic, partition, offset }: LetterKey): string {
  return `${topic}:${partition}:${offset}`;
}

function keyOf(id: string): LetterKey {
  const [, topic, partition, offset] = idForm.exec(id) ?? [];
  if (topic === undefined) throw new RequestProblem([{ where: 'id', problem: 'is not log:partition:offset' }]);
  return { topic, partition: Number(partition), offset: BigInt(offset ?? 0) };
}

function told(letter: Letter): DeadLetter {
  const { topic, partition, offset, key, code, reason, host, stream, seqText, refusedBy, size } = letter;
  return {
    ...{
      id: idOf(letter),
      log: topic,
      partition,
      offset: String(offset),
      key,
      code,
      reason,
      host,
      stream,
      refusedBy,
      size,
    },
    at: new Date(Number(letter.atMs)).toISOString(),
    seq: seqText === '' ? null : seqText,
    replayedAt: letter.replayedAtMs === null ? null : new Date(letter.replayedAtMs).toISOString(),
  };
}

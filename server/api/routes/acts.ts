import { Type } from 'typebox';
import { ActLog, actNames, type KeptAct } from '../../control/act-log.ts';
import { BreachComments as CommentStore, type BreachComment as KeptComment } from '../../control/breach-comments.ts';
import type { ApiContext } from '../context.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { ownPageOnly } from '../own-page-only.ts';
import { RequestProblem } from '../problem.ts';
import { roadOf } from '../road.ts';
import { type Act, ActPage, BreachComment, BreachComments, CommentBody } from '../schema/acts.ts';
import { PageQuery, Problem } from '../schema/common.ts';
import type { Api } from '../server.ts';

const strict = { additionalProperties: false } as const;
const problems = { '4xx': Problem, '5xx': Problem };
const breachParams = Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{32}$' }) }, strict);
const querystring = Type.Object(
  {
    ...PageQuery,
    subject: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
    act: Type.Optional(Type.Enum([...actNames])),
  },
  strict,
);

export interface ActContext extends Pick<ApiContext, 'nowMs'> {
  readonly control: Pick<ApiContext['control'], 'store'>;
}

/** What people did and said: the chain of acts, and comments on breaches. */
export function actRoutes(api: Api, { control, nowMs }: ActContext): void {
  const acts = new ActLog(control.store);
  const comments = new CommentStore(control.store);
  api.get(
    '/audit',
    { schema: { querystring, response: { 200: ActPage, ...problems } } },
    async ({ query: { limit, cursor, ...filter } }) => {
      const found = await acts.list({ ...filter, before: ordinalOf(cursor), limit: limit + 1 });
      const shown = found.slice(0, limit);
      const last = found.length > limit ? shown.at(-1) : undefined;
      return {
        items: shown.map(toldAct),
        chain: shown.every(({ holds }) => holds) ? ('holds' as const) : ('broken' as const),
        nextCursor: last === undefined ? null : encodeCursor([String(last.ordinal)]),
      };
    },
  );
  api.get(
    '/breaches/:id/comments',
    { schema: { params: breachParams, response: { 200: BreachComments, ...problems } } },
    async ({ params: { id } }) => ({ items: (await comments.list(id)).map(toldComment) }),
  );
  api.post(
    '/breaches/:id/comments',
    {
      schema: { params: breachParams, body: CommentBody, response: { 200: BreachComment, ...problems } },
      onRequest: ownPageOnly,
    },
    async (request) => {
      const { id: subject } = request.params;
      const act = { ...request.body, atMs: nowMs(), via: roadOf(request), act: 'breach.commented', subject } as const;
      return toldComment(await comments.add(subject, { ...act, details: {} }));
    },
  );
}

function ordinalOf(cursor: string | undefined): bigint | undefined {
  const [ordinal] = decodeCursor(cursor, 1) ?? [];
  if (ordinal === undefined) return undefined;
  if (/^\d{1,18}$/.test(ordinal)) return BigInt(ordinal);
  throw new RequestProblem([{ where: 'querystring.cursor', problem: 'is not a cursor this server gave' }]);
}

function toldAct({ ordinal, atMs, by, via, act, subject, comment, details, sha256, previous }: KeptAct): Act {
  const at = new Date(atMs).toISOString();
  return { ordinal: String(ordinal), at, by, via, act, subject, comment, details: { ...details }, sha256, previous };
}

function toldComment({ id, atMs, by, via, comment }: KeptComment): BreachComment {
  return { id: String(id), at: new Date(atMs).toISOString(), by, comment, via };
}

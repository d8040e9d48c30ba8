import { Type } from 'typebox';
import type { RecordedLine } from '../../control/credit-lines.ts';
import type { Credits } from '../../credits/credits.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { ownPageOnly } from '../own-page-only.ts';
import { RequestProblem } from '../problem.ts';
import { PageQuery, Problem } from '../schema/common.ts';
import { Credit, CreditPage, CreditStateBody } from '../schema/credits.ts';
import type { Api } from '../server.ts';

const strict = { additionalProperties: false } as const;
const params = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) }, strict);
const problems = { '4xx': Problem, '5xx': Problem };
const querystring = Type.Object(
  {
    ...PageQuery,
    tenant: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
    month: Type.Optional(Type.String({ pattern: '^\\d{4}-(0[1-9]|1[0-2])$', description: 'As 2026-11.' })),
  },
  strict,
);

/** The ledger of credits: the newest months first, the lines of an agreement in their order. */
export function creditRoutes(api: Api, { credits }: { readonly credits: Credits }): void {
  api.get('/credits', { schema: { querystring, response: { 200: CreditPage, ...problems } } }, async ({ query }) => {
    const { tenant = '', month = '', limit } = query;
    const found = await credits.list({ tenant, month, after: keyOf(query.cursor), limit: limit + 1 });
    const last = found.length > limit ? found[limit - 1] : undefined;
    const nextCursor = last === undefined ? null : encodeCursor([last.month, last.agreement, String(last.entry)]);
    return { items: found.slice(0, limit).map(told), nextCursor };
  });
  api.post(
    '/credits/:id/state',
    { schema: { params, body: CreditStateBody, response: { 200: Credit, ...problems } }, onRequest: ownPageOnly },
    async ({ params, body }) => {
      const { state, ...who } = body;
      return told(await credits.give(params.id, state, who));
    },
  );
}

function keyOf(cursor: string | undefined) {
  const [month = '', agreement = '', entry = ''] = decodeCursor(cursor, 3) ?? [];
  if (cursor === undefined) return undefined;
  if (!/^\d{1,9}$/.test(entry)) throw new RequestProblem([{ where: 'querystring.cursor', problem: 'is not ours' }]);
  return { month, agreement, entry: Number(entry) };
}

function told({ atMs, ...line }: RecordedLine): Credit {
  return { ...line, at: new Date(atMs).toISOString() };
}

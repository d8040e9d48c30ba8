import { Type } from 'typebox';
import { FourninesError } from '../../../core/runtime/error.ts';
import type { Version } from '../../objects/object.ts';
import { documentText } from '../../objects/write-documents.ts';
import { isoOf, parseInstant } from '../../slo/instant.ts';
import type { ApiContext } from '../context.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { ownPageOnly } from '../own-page-only.ts';
import { RequestProblem } from '../problem.ts';
import { Instant, PageQuery, Problem } from '../schema/common.ts';
import { Applied, ApplyBody, ObjectPath, ObjectVersionPage } from '../schema/objects.ts';
import type { Api } from '../server.ts';

const strict = { additionalProperties: false } as const;
const problems = { '4xx': Problem, '5xx': Problem };
/** The longest documents that an apply takes, in UTF-8 and escaped for JSON. */
const applyBytesMax = 8 * 1024 * 1024;

/** Tenants, services, contracts, agreements and objectives: applied and exported as documents, and their versions. */
export function objectRoutes(api: Api, { objects }: ApiContext): void {
  api.post(
    '/slos/apply',
    {
      schema: { body: ApplyBody, response: { 200: Applied, ...problems } },
      bodyLimit: applyBytesMax,
      onRequest: ownPageOnly,
    },
    async ({ body: { documents, from, dryRun, by } }) => {
      const sources = typeof documents === 'string' ? [{ name: 'documents', text: documents }] : documents;
      const changes = await objects.apply({ sources, from, dryRun, by });
      return {
        dryRun,
        changes: changes.map((change) => ({
          ...change,
          from: isoOf(change.from),
          differences: [...change.differences],
        })),
      };
    },
  );
  api.get(
    '/slos/export',
    {
      schema: {
        querystring: Type.Object({ at: Type.Optional(Instant) }, strict),
        response: { 200: Type.String({ description: 'Documents of all objects, YAML.' }), ...problems },
      },
    },
    async ({ query: { at } }, reply) => {
      const text = await objects.export(at === undefined ? undefined : secondOf(at));
      return reply.type('text/yaml; charset=utf-8').header('cache-control', 'no-store').send(text);
    },
  );
  api.get(
    '/objects/:kind/:name/versions',
    {
      schema: {
        params: ObjectPath,
        querystring: Type.Object(PageQuery, strict),
        response: { 200: ObjectVersionPage, ...problems },
      },
    },
    async ({ params: { kind, name }, query: { limit, cursor } }) => {
      const [after = '0'] = decodeCursor(cursor, 1) ?? [];
      const history = await objects.history(kind, name);
      if (history.length === 0) throw new FourninesError('FN_NOT_FOUND', `there is no ${kind} ${name}`);
      const rest = history.filter(({ version }) => version > Number(after));
      const last = rest.length > limit ? rest[limit - 1] : undefined;
      const nextCursor = last === undefined ? null : encodeCursor([String(last.version)]);
      return { items: rest.slice(0, limit).map(told), nextCursor };
    },
  );
}

function secondOf(at: string): number {
  const instant = parseInstant(at);
  if (instant !== undefined) return instant.second;
  throw new RequestProblem([{ where: 'querystring.at', problem: 'is no RFC 3339 instant in UTC from 1970 to 2106' }]);
}

function told({ kind, name, version, from, to, body, sha256, witness, recordedAtMs }: Version) {
  return {
    ...{ version, from: isoOf(from), to: to === null ? null : isoOf(to) },
    document: documentText(kind, name, body),
    ...{ body, sha256, witness, recordedAt: new Date(recordedAtMs).toISOString() },
  };
}

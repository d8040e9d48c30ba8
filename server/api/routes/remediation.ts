import { Type } from 'typebox';
import { FourninesError } from '../../../core/runtime/error.ts';
import type { RecordedAdvice } from '../../control/advice-store.ts';
import type { Advice } from '../../remediation/advise/advice.ts';
import { placementOf } from '../../remediation/planner/placement.ts';
import type { Move } from '../../remediation/planner/plan.ts';
import { isoOf } from '../../slo/instant.ts';
import type { ApiContext } from '../context.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { RequestProblem } from '../problem.ts';
import { PageQuery, Problem } from '../schema/common.ts';
import { AdviceDetail, type AdviceItem, AdvicePage, DatapathNowPage } from '../schema/remediation.ts';
import type { Api } from '../server.ts';

const strict = { additionalProperties: false } as const;
const problems = { '4xx': Problem, '5xx': Problem };
const Name = Type.String({ minLength: 1, maxLength: 255 });
const params = Type.Object({ id: Type.String({ pattern: '^[0-9a-f]{32}$' }) }, strict);
const querystring = Type.Object(
  {
    ...PageQuery,
    // Each item holds a whole datapath, which may be large.
    limit: Type.Integer({ minimum: 1, maximum: 100, default: 50, description: 'Items a page.' }),
    host: Type.Optional(Name),
    datapath: Type.Optional(Name),
  },
  strict,
);
const stateQuery = Type.Object(PageQuery, strict);

/** What is wrong with datapaths, what could be done, and what came of it. */
export function remediationRoutes(api: Api, { advice: store }: Pick<ApiContext, 'advice'>): void {
  api.get(
    '/remediation/advice',
    { schema: { querystring, response: { 200: AdvicePage, ...problems } } },
    async ({ query: { limit, cursor, host, datapath } }) => {
      const found = await store.list({ host, datapath, after: adviceKey(cursor), limit: limit + 1 });
      const last = found.length > limit ? found[limit - 1] : undefined;
      const nextCursor = last === undefined ? null : encodeCursor([String(secondOf(last.advice)), last.id]);
      return { items: found.slice(0, limit).map(itemOf), nextCursor };
    },
  );
  api.get(
    '/remediation/advice/:id',
    { schema: { params, response: { 200: AdviceDetail, ...problems } } },
    async ({ params: { id } }) => {
      const found = await store.find(id);
      if (found === undefined) throw new FourninesError('FN_NOT_FOUND', 'there is no such advice');
      const { told, outcome, follows } = found;
      const { engine, resolutionPpm, peers, input, plan } = told.advice;
      return {
        ...itemOf(told),
        ...{ engine, resolutionPpm, peers: [...peers], input, outcome },
        certificate: plan?.decision === 'plan' ? plan.certificate : null,
        before: threadsOf(told.advice, []),
        after: plan?.decision === 'plan' ? threadsOf(told.advice, plan.moves) : [],
        limits: limitsOf(told.advice),
        ...{ entry: told.entry, previous: told.previous, sha256: told.sha256 },
        chain: follows ? ('holds' as const) : ('broken' as const),
      };
    },
  );
  api.get(
    '/remediation/datapaths',
    { schema: { querystring: stateQuery, response: { 200: DatapathNowPage, ...problems } } },
    async ({ query: { limit, cursor } }) => {
      const [host, datapath] = decodeCursor(cursor, 2) ?? [];
      const after = host === undefined || datapath === undefined ? undefined : { host, datapath };
      const found = await store.states({ after, limit: limit + 1 });
      const last = found.length > limit ? found[limit - 1] : undefined;
      const nextCursor = last === undefined ? null : encodeCursor([last.host, last.datapath]);
      const items = found.slice(0, limit).map(({ because, gates, lacks, at, since, ...state }) => {
        const instants = { at: isoOf(at), since: since === null ? null : isoOf(since) };
        return { ...state, ...instants, because: [...because], gates: [...gates], lacks: [...lacks] };
      });
      return { items, nextCursor };
    },
  );
}

function adviceKey(cursor: string | undefined): { at: number; id: string } | undefined {
  const [at, id] = decodeCursor(cursor, 2) ?? [];
  if (at === undefined || id === undefined) return undefined;
  if (/^\d{1,10}$/.test(at)) return { at: Number(at), id };
  throw new RequestProblem([{ where: 'querystring.cursor', problem: 'is not a cursor this server gave' }]);
}

function secondOf({ at }: Advice): number {
  return Math.floor(Date.parse(at) / 1000);
}

function itemOf({ id, advice }: RecordedAdvice): AdviceItem {
  const { host, datapath, at, decision, diagnosis, because, gates, lacks, plan } = advice;
  return {
    ...{ id, host, datapath, at, decision, diagnosis },
    ...{ because: [...because], gates: [...gates], lacks: [...lacks] },
    reason: plan?.decision === 'none' ? plan.reason : null,
    moves: plan?.decision === 'plan' ? [...plan.moves] : [],
    beforePpm: plan?.before.maxUsagePpm ?? null,
    predictedPpm: plan?.decision === 'plan' ? plan.predicted.maxUsagePpm : null,
  };
}

/** Threads with their queues, once moves are made. */
function threadsOf({ input }: Advice, moves: readonly Move[]): AdviceDetail['before'] {
  if (input === null) return [];
  const targets = new Map(moves.map(({ rxq, to }) => [rxq, to]));
  const rxqs = input.rxqs.map((rxq) => ({ ...rxq, movedAt: null, core: targets.get(rxq.id) ?? rxq.core }));
  const { use, queues } = placementOf({ pmds: input.pmds, rxqs });
  return input.pmds.map(({ core, numa, overheadPpm, stolenPpm }, place) => {
    const own = (queues[place] ?? []).flatMap((rxq) => rxqs[rxq] ?? []);
    const shown = own.map(({ id, usagePpm, pin }) => ({ id, usagePpm, isPinned: pin !== null }));
    return { core, numa, usagePpm: use[place] ?? 0, overheadPpm, stolenPpm, rxqs: shown };
  });
}

function limitsOf({ input }: Advice): AdviceDetail['limits'] {
  if (input === null) return null;
  const { maxMoves, enterPpm, acceptPpm, settlePpm, gainPpm } = input.limits;
  return { maxMoves, enterPpm, acceptPpm, settlePpm, gainPpm };
}

import { Type } from 'typebox';
import { FourninesError } from '../../../core/runtime/error.ts';
import type { ObjectiveReading } from '../../judge/reading.ts';
import type { JudgedTerms } from '../../judge/terms.ts';
import { dayReadings } from '../../judge/window-days.ts';
import { windowReading, withTerms } from '../../judge/window-reading.ts';
import { ofKind } from '../../objects/of-kind.ts';
import { readObjective } from '../../openslo/objective-file.ts';
import { evaluate } from '../../slo/evaluate.ts';
import { isoOf } from '../../slo/instant.ts';
import { isOfSlots } from '../../slo/objective.ts';
import { closedSignal } from '../closed-signal.ts';
import type { ApiContext } from '../context.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { figuresOf } from '../figures.ts';
import { heldIn, monthOf, objectiveIn, windowIn } from '../month.ts';
import { ownPageOnly } from '../own-page-only.ts';
import { RequestProblem } from '../problem.ts';
import { PageQuery, Problem } from '../schema/common.ts';
import { Budget, type Slo, SloDetail, SloName, SloPage, sloStates, WhatIf, WhatIfBody } from '../schema/slos.ts';
import type { Api } from '../server.ts';
import { budgetOf, burnOf, digitsOf, stateOf, windowFigures } from '../slo-figures.ts';

const strict = { additionalProperties: false } as const;
const problems = { '4xx': Problem, '5xx': Problem };
const Params = Type.Object({ name: SloName });
const MonthQuery = Type.Object(
  {
    month: Type.Optional(
      Type.String({ pattern: '^[0-9]{4}-[0-9]{2}$', description: 'YYYY-MM in the zone of the objective.' }),
    ),
  },
  strict,
);
const daySeconds = 86_400;
const quarterSeconds = 900;

/** Objectives as they stand: windows, budgets, burn rates, and what other terms would have given. */
export function sloRoutes(api: Api, context: ApiContext): void {
  budgetRoutes(api, context);
  api.get(
    '/slos',
    {
      schema: {
        querystring: Type.Object(
          { ...PageQuery, tenant: Type.Optional(SloName), state: Type.Optional(Type.Enum(sloStates)) },
          strict,
        ),
        response: { 200: SloPage, ...problems },
      },
    },
    async ({ query: { tenant, state, limit, cursor } }) => {
      const after = decodeCursor(cursor, 2);
      const all = context.judge
        .terms()
        .filter((terms) => tenant === undefined || terms.tenant === tenant)
        .map((terms) => sloOf(terms, context.judge.reading(terms.version.name), []))
        .filter((slo) => state === undefined || slo.state === state)
        .sort((a, b) => orderOf(a) - orderOf(b) || (a.name < b.name ? -1 : 1));
      const rest = after === undefined ? all : all.filter((slo) => isBehind(slo, after));
      const items = rest.slice(0, limit);
      const last = items.at(-1);
      const isEnd = rest.length <= limit || last === undefined;
      return { items, nextCursor: isEnd ? null : encodeCursor([String(orderOf(last)), last.name]) };
    },
  );
  api.get(
    '/slos/:name',
    { schema: { params: Params, response: { 200: SloDetail, ...problems } } },
    async ({ params: { name } }) => {
      const versions = await context.objects.history('objective', name);
      if (versions.length === 0) throw new FourninesError('FN_NOT_FOUND', `there is no objective ${name}`);
      const terms = requireTerms(context, name);
      const reading = context.judge.reading(name);
      const days = reading === undefined ? [] : context.judge.days(name);
      return { ...sloOf(terms, reading, days), versions: versions.map(versionOf) };
    },
  );
}

/** A window day by day, and what other terms would have given. */
function budgetRoutes(api: Api, context: ApiContext): void {
  api.get(
    '/slos/:name/budget',
    { schema: { params: Params, querystring: MonthQuery, response: { 200: Budget, ...problems } } },
    async ({ params: { name }, query: { month } }, reply) => {
      const running = context.judge.reading(name);
      if (month === undefined) {
        requireTerms(context, name);
        if (running === undefined) throw notJudged(name);
        return budgetOf(name, running.calendar, context.judge.days(name));
      }
      const versions = ofKind(await context.objects.history('objective', name), 'objective');
      const [newest] = versions.slice(-1);
      if (newest === undefined) throw new FourninesError('FN_NOT_FOUND', `there is no objective ${name}`);
      const asked = monthOf(month, zoneOf(newest));
      if (asked === undefined) throw new RequestProblem([{ where: 'querystring.month', problem: 'is no month' }]);
      const version = heldIn(versions, asked);
      const window = version === undefined ? undefined : windowIn(objectiveIn(version), asked);
      if (version === undefined || window === undefined)
        throw new FourninesError('FN_NOT_FOUND', `${name} did not hold in ${month}`);
      if (running?.objective.version === version.version && running.calendar.window.from === window.from)
        return budgetOf(name, running.calendar, context.judge.days(name));
      const facts = await context.judge.facts(version, window, closedSignal(reply.raw));
      return budgetOf(name, windowReading(facts), dayReadings(facts));
    },
  );
  api.post(
    '/slos/:name/what-if',
    {
      schema: { params: Params, body: WhatIfBody, response: { 200: WhatIf, ...problems } },
      onRequest: ownPageOnly,
    },
    async ({ params: { name }, body: { days, ...other } }, reply) => {
      const { objective, version } = requireTerms(context, name);
      const changed = withTerms(objective, other);
      const now = context.judge.reading(name)?.calendar.until ?? Math.floor(context.nowMs() / 1000);
      const to = now - (now % quarterSeconds);
      const window = { from: to - days * daySeconds, to, zone: 'UTC' };
      const facts = await context.judge.facts(version, window, closedSignal(reply.raw));
      // What would have been: also before this version began to hold.
      const question = { exclusions: facts.exclusions, window, file: facts.file };
      return {
        window: { from: isoOf(window.from), to: isoOf(window.to) },
        asIs: { terms: termsTold(objective), figures: figuresOf(evaluate({ objective, ...question })) },
        whatIf: { terms: termsTold(changed), figures: figuresOf(evaluate({ objective: changed, ...question })) },
      };
    },
  );
}

function requireTerms(context: ApiContext, name: string): JudgedTerms {
  const terms = context.judge.terms().find(({ version }) => version.name === name);
  if (terms !== undefined) return terms;
  throw new FourninesError('FN_NOT_FOUND', `no objective ${name} holds now`, {
    hint: 'fournines slo export lists what holds. One that was applied a moment ago is judged within seconds.',
  });
}

function zoneOf(version: Parameters<typeof objectiveIn>[0]): string {
  const { window } = objectiveIn(version);
  return window.rolling ? 'UTC' : window.zone.name;
}

function notJudged(name: string): FourninesError {
  return new FourninesError('FN_STORE_AWAY', `${name} has not been judged yet`, {
    hint: 'Its rows are being read; ask again in a while.',
  });
}

function sloOf(
  terms: JudgedTerms,
  reading: ObjectiveReading | undefined,
  days: Parameters<typeof windowFigures>[2]['days'],
): Slo {
  const { version, objective, tenant } = terms;
  const { sli } = objective;
  const pace = reading?.pace;
  return {
    name: version.name,
    version: version.version,
    validFrom: isoOf(version.from),
    service: version.body.service,
    tenant,
    sli: sli.sli,
    ...termsTold(objective),
    ports: [...objective.ports],
    state: reading === undefined ? 'unproven' : stateOf(reading, version.body.coverageFloor),
    stale: reading?.stale ? { since: isoOf(reading.stale.since), hosts: [...reading.stale.hosts] } : null,
    calendar: reading === undefined ? null : windowFigures(terms, reading.calendar, { pace, days }),
    rolling: reading?.rolling ? windowFigures(terms, reading.rolling, { pace, days: [] }) : null,
    burn: reading === undefined ? [] : burnOf(reading.burn),
  };
}

function termsTold({ target, sli }: JudgedTerms['objective']) {
  return {
    target: digitsOf(target),
    lossRatioMax: isOfSlots(sli) ? digitsOf(sli.lossRatioMax) : null,
    run: sli.sli === 'availability' ? sli.run : null,
  };
}

type ObjectiveVersion = Awaited<ReturnType<ApiContext['objects']['history']>>[number];

function versionOf({ version, from, to, body, sha256, witness, recordedAtMs, name }: ObjectiveVersion) {
  const openslo = 'openslo' in body ? body.openslo : '';
  return {
    version,
    from: isoOf(from),
    to: to === null ? null : isoOf(to),
    target: digitsOf(readObjective(name, openslo).target),
    openslo,
    sha256,
    witness,
    recordedAt: new Date(recordedAtMs).toISOString(),
  };
}

function orderOf({ state }: Slo): number {
  return sloStates.indexOf(state);
}

function isBehind(slo: Slo, [order = '', name = '']: readonly string[]): boolean {
  return orderOf(slo) > Number(order) || (orderOf(slo) === Number(order) && slo.name > name);
}

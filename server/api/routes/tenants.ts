import { Type } from 'typebox';
import { FourninesError } from '../../../core/runtime/error.ts';
import { dayReadings } from '../../judge/window-days.ts';
import { windowReading } from '../../judge/window-reading.ts';
import type { Version } from '../../objects/object.ts';
import { ofKind } from '../../objects/of-kind.ts';
import { closedSignal } from '../closed-signal.ts';
import type { ApiContext } from '../context.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { figuresOf } from '../figures.ts';
import { heldIn, monthAt, monthOf, objectiveIn, windowIn } from '../month.ts';
import { RequestProblem } from '../problem.ts';
import { PageQuery, Problem } from '../schema/common.ts';
import { MonthCalendar, SloName, type Tenant, TenantPage } from '../schema/slos.ts';
import type { Api } from '../server.ts';
import { budgetOf } from '../slo-figures.ts';

const strict = { additionalProperties: false } as const;
const problems = { '4xx': Problem, '5xx': Problem };
const Month = Type.String({
  pattern: '^[0-9]{4}-[0-9]{2}$',
  description: 'YYYY-MM in the zone of the tenant; default: the one that runs.',
});

/** Tenants, what they have, and their months. */
export function tenantRoutes(api: Api, context: ApiContext): void {
  api.get(
    '/tenants',
    { schema: { querystring: Type.Object(PageQuery, strict), response: { 200: TenantPage, ...problems } } },
    async ({ query: { limit, cursor } }) => {
      const [after = ''] = decodeCursor(cursor, 1) ?? [];
      const versions = await context.objects.at(nowSecond(context));
      const tenants = ofKind(versions, 'tenant').filter(({ name }) => name > after);
      const items = tenants.slice(0, limit).map((tenant) => tenantOf(tenant, versions));
      const last = items.at(-1);
      return { items, nextCursor: tenants.length > limit && last !== undefined ? encodeCursor([last.name]) : null };
    },
  );
  api.get(
    '/tenants/:name/calendar',
    {
      schema: {
        params: Type.Object({ name: SloName }),
        querystring: Type.Object({ month: Type.Optional(Month) }, strict),
        response: { 200: MonthCalendar, ...problems },
      },
    },
    async ({ params: { name }, query }, reply) => {
      const tenant = ofKind(await context.objects.at(nowSecond(context)), 'tenant').find((each) => each.name === name);
      if (tenant === undefined) throw new FourninesError('FN_NOT_FOUND', `there is no tenant ${name}`);
      const { zone } = tenant.body;
      const month = query.month ?? monthAt(nowSecond(context), zone);
      const asked = monthOf(month, zone);
      if (asked === undefined) throw new RequestProblem([{ where: 'querystring.month', problem: 'is no month' }]);
      const signal = closedSignal(reply.raw);
      const objectives: MonthCalendar['objectives'] = [];
      const held = await context.objects.within(asked);
      const services = ofKind(held, 'service').filter(({ body }) => body.tenant === name);
      const own = ofKind(held, 'objective').filter(({ body }) =>
        services.some((service) => service.name === body.service),
      );
      for (const slo of [...new Set(own.map((version) => version.name))]) {
        const version = heldIn(
          own.filter((each) => each.name === slo),
          asked,
        );
        const told = version && (await monthOfObjective(context, version, asked, signal));
        if (told !== undefined) objectives.push(told);
      }
      return { tenant: name, month, zone, objectives };
    },
  );
}

async function monthOfObjective(
  context: ApiContext,
  version: Version<'objective'>,
  month: Parameters<typeof windowIn>[1],
  signal: AbortSignal,
): Promise<MonthCalendar['objectives'][number] | undefined> {
  const window = windowIn(objectiveIn(version), month);
  if (window === undefined || window.from > nowSecond(context)) return undefined;
  const { name } = version;
  const { sli } = objectiveIn(version).sli;
  const reading = context.judge.reading(name);
  const running = reading?.objective.version === version.version ? reading.calendar : undefined;
  const isRunning = running?.window.from === window.from;
  if (isRunning && running !== undefined) {
    const budget = budgetOf(name, running, context.judge.days(name));
    return { name, sli, verdict: running.evaluation.verdict, isRunning, budget, figures: figuresOf(running.elapsed) };
  }
  const facts = await context.judge.facts(version, window, signal);
  const past = windowReading(facts);
  const budget = budgetOf(name, past, dayReadings(facts));
  const { evaluation } = past;
  return { name, sli, verdict: evaluation.verdict, isRunning: false, budget, figures: figuresOf(evaluation) };
}

function tenantOf(tenant: Version<'tenant'>, versions: readonly Version[]): Tenant {
  const services = ofKind(versions, 'service').filter(({ body }) => body.tenant === tenant.name);
  const names = new Set(services.map(({ name }) => name));
  return {
    name: tenant.name,
    displayName: tenant.body.displayName,
    zone: tenant.body.zone,
    services: services.map(({ name, body }) => ({
      name,
      displayName: body.displayName,
      ports: body.ports.map((port) => port.name),
    })),
    objectives: ofKind(versions, 'objective')
      .filter(({ body }) => names.has(body.service))
      .map(({ name }) => name),
  };
}

function nowSecond(context: ApiContext): number {
  return Math.floor(context.nowMs() / 1000);
}

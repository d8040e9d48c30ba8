import { Type } from 'typebox';
import { rulesOf } from '../../attribution/rules.ts';
import type { ApiContext } from '../context.ts';
import { explain } from '../explanation.ts';
import { RequestProblem } from '../problem.ts';
import { Problem, WindowQuery } from '../schema/common.ts';
import { Explanation } from '../schema/explain.ts';
import type { Api } from '../server.ts';
import { requestedWindow } from '../window.ts';

const Name = Type.String({ minLength: 1, maxLength: 255 });
const ExplainQuery = Type.Object(
  {
    ...WindowQuery,
    host: Name,
    port: Name,
    rules: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description: 'Version of the rules to replay on what is stored.',
      }),
    ),
  },
  { additionalProperties: false },
);

/** Whose each loss of a port is, and why: the rows, their counters, the rule, and the readings that it had. */
export function explainRoute(api: Api, context: ApiContext): void {
  api.get(
    '/explain',
    { schema: { querystring: ExplainQuery, response: { 200: Explanation, '4xx': Problem, '5xx': Problem } } },
    async ({ query }) => {
      const { host, port } = query;
      const window = requestedWindow(query, Math.floor(context.nowMs() / 1000));
      const rules = query.rules === undefined ? undefined : rulesOf(query.rules);
      if (query.rules !== undefined && rules === undefined) {
        throw new RequestProblem([
          { where: 'querystring.rules', problem: `there are no rules of version ${query.rules}` },
        ]);
      }
      return explain(context.store, { host, port, window, rules });
    },
  );
}

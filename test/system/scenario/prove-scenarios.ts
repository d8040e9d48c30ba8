import type { Lab } from '../../lab/lab.ts';
import { ProductApi } from '../product-api.ts';
import { sumOf } from './judge-scenario.ts';
import { type Outcome, runScenario } from './run-scenario.ts';
import { type Scenario, scenarios } from './scenarios.ts';

/** The scenarios of a name; `all`: each of them. Undefined: there is none of that name. */
export function scenariosOf(name: string): readonly Scenario[] | undefined {
  if (name === 'all') return scenarios;
  const found = scenarios.filter((scenario) => scenario.name === name);
  return found.length === 0 ? undefined : found;
}

export const scenarioNames: readonly string[] = ['all', ...scenarios.map(({ name }) => name)];

/** Runs scenarios one after another on a lab with a product beside it; gives how many were not as expected. */
export async function proveScenarios(
  { lab, url }: { readonly lab: Lab; readonly url: string },
  chosen: readonly Scenario[],
  write: (line: string) => void,
): Promise<number> {
  const api = new ProductApi(url);
  // Owners begin some seconds after the product: what was lost before is nobody's for good.
  await api.until<{ items: readonly unknown[] }>(`ports?host=${api.host}`, ({ items }) => items.length > 0, 60_000);
  let wrong = 0;
  for (const scenario of chosen) {
    write(`${scenario.name}: ${scenario.say}`);
    const outcome = await runScenario(lab, api, scenario).catch((error: unknown) => String(error).slice(0, 400));
    const lines = typeof outcome === 'string' ? [`WRONG       ${outcome}`] : linesOf(outcome);
    for (const line of lines) write(`  ${line}`);
    if (typeof outcome === 'string' || outcome.wrong.length > 0) wrong++;
  }
  write(wrong === 0 ? 'every scenario is within its limits' : `${wrong} scenarios are not within their limits`);
  return wrong;
}

function linesOf(outcome: Outcome): string[] {
  const { scenario, lost, causes, owners, joints, untold, residual, ledgerState, darkSeconds, refused, stallMs } =
    outcome;
  const { expected, dark, pressure } = scenario;
  const count = (packets: bigint | undefined) => (packets === undefined ? '-' : String(packets));
  const packets = sumOf(causes);
  const share = packets === 0n ? '-' : `${(owners.unknown * 100n) / packets} %`;
  const shareMax = expected === null ? '' : `, at most ${expected.unknownPercentMax} %`;
  const unseen =
    dark === undefined
      ? []
      : [
          `not seen    ${darkSeconds.path} s of ${dark.port}, ${darkSeconds.ledger} s of the ledger (at least ${dark.secondsMin})`,
        ];
  const pushed =
    pressure === undefined
      ? []
      : [
          `pressure    ${refused} packets refused by the sender's own ring; a polling thread stood still for ${stallMs} ms (at least ${pressure.stallMsMin})`,
        ];
  return [
    `lost        generator ${count(lost.generator)}, datapath ${count(lost.datapath)}, ledger ${lost.ledger}; residual ${residual} (${ledgerState})`,
    `place       ${joints.join(' ') || '-'} (expected ${expected?.joint ?? '-'}${expected?.isTornOff ? ' unknown' : ''})`,
    `cause       ${causes.map((each) => `${each.cause} ${each.packets}`).join(', ') || '-'}${untold > 0n ? `, not told ${untold}` : ''} (expected ${expected?.cause ?? '-'})`,
    `owner       provider ${owners.provider}, tenant ${owners.tenant}, contract ${owners.contract}, unknown ${owners.unknown} (expected ${expected?.owner ?? 'nobody'})`,
    `unknown     ${share}${shareMax}`,
    ...sharedOf(outcome),
    ...unseen,
    ...pushed,
    ...outcome.stories.map((story) => `            ${story}`),
    `evidence    ${outcome.evidence.map((hash) => hash.slice(0, 12)).join(' ') || '-'}`,
    outcome.wrong.length === 0 ? 'ok' : `WRONG       ${outcome.wrong.join('; ')}`,
  ];
}

function sharedOf({ scenario, shared: { told, causes } }: Outcome): string[] {
  const { shared, expected } = scenario;
  if (shared === undefined) return [];
  const own = causes.map((each) => `${each.cause} ${each.packets}`).join(', ') || 'nothing';
  return [
    `shared      ${shared.port} is told of ${told ?? 'nothing'} lost at ${expected?.port}; at its own ring it lost ${own}`,
  ];
}

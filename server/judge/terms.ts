import type { Agreement, Service, Version } from '../objects/object.ts';
import { ofKind } from '../objects/of-kind.ts';
import { readObjective } from '../openslo/objective-file.ts';
import { parseDuration } from '../slo/duration.ts';
import type { Objective, RollingWindow } from '../slo/objective.ts';
import { type PlacedPort, placedPorts } from './objective-ports.ts';

/** Everything that is promised about one version of an objective. */
export interface JudgedTerms {
  readonly version: Version<'objective'>;
  readonly objective: Objective;
  readonly rolling: RollingWindow | null;
  readonly tenant: string | null;
  readonly placed: readonly PlacedPort[];
  /** The strictest of the agreements that name it; null: none does. */
  readonly agreement: Agreement | null;
  /** How long after the end of a window late rows still change it, s. */
  readonly finalAfterSeconds: number;
}

/** Where no agreement says otherwise, days. */
const finalAfterDays = 3;

/** The objectives among versions of all kinds, each with what it refers to. */
export function termsOf(versions: readonly Version[]): JudgedTerms[] {
  const services = ofKind(versions, 'service');
  const agreements = ofKind(versions, 'agreement');
  return ofKind(versions, 'objective').map((version) => {
    const objective = { ...readObjective(version.name, version.body.openslo), name: version.name };
    const duration = version.body.rolling === null ? undefined : parseDuration(version.body.rolling);
    const own = services.filter(({ name }) => name === version.body.service);
    const promised = agreements.filter(({ body }) => body.objectives.includes(version.name)).map(({ body }) => body);
    const days = promised.map((agreement) => agreement.finalAfterDays);
    return {
      version,
      objective,
      rolling: duration === undefined ? null : { rolling: true, duration },
      tenant: own.at(-1)?.body.tenant ?? null,
      placed: placedOver(objective, own),
      agreement: promised[0] ?? null,
      finalAfterSeconds: Math.max(...days, days.length === 0 ? finalAfterDays : 0) * 86_400,
    };
  });
}

/** Where the ports were and are, over all versions of a service: what goes on from one to the next is one placement. */
function placedOver(objective: Objective, services: readonly Version<'service'>[]): PlacedPort[] {
  const ordered = [...services].sort((a, b) => a.version - b.version);
  if (ordered.length === 0) return placedPorts(objective, undefined);
  const out: PlacedPort[] = [];
  for (const [i, { body, from, to }] of ordered.entries()) {
    // Rows from before the first version may say in which state a window begins.
    const span = { from: i === 0 ? 0 : from, to: to ?? Number.POSITIVE_INFINITY };
    for (const placed of clipped(objective, body, span)) {
      const before = out.findIndex((other) => other.to === placed.from && isSamePlace(other, placed));
      if (before < 0) out.push(placed);
      else out[before] = { ...placed, from: (out[before] as PlacedPort).from };
    }
  }
  return out;
}

function clipped(
  objective: Objective,
  service: Service,
  span: { readonly from: number; readonly to: number },
): PlacedPort[] {
  return placedPorts(objective, service)
    .map((placed) => ({ ...placed, from: Math.max(placed.from, span.from), to: Math.min(placed.to, span.to) }))
    .filter(({ from, to }) => from < to);
}

function isSamePlace(a: PlacedPort, b: PlacedPort): boolean {
  return a.name === b.name && a.host === b.host && a.port === b.port;
}

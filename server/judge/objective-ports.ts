import type { Service } from '../objects/object.ts';
import type { Objective, Span } from '../slo/objective.ts';

/** A port of a host that is, for a time, a port of an objective. */
export interface PlacedPort extends Span {
  /** As the objective names it. */
  readonly name: string;
  readonly host: string;
  readonly port: string;
}

const always = { from: 0, to: Number.POSITIVE_INFINITY };

/**
 * Where the ports of an objective are: a name that its service declares is where the service says, from when to when; any
 * other is `host/port`, always. A name that is neither is nowhere: nothing is known of it.
 *
 * Example: `cn1/vhu3` is port vhu3 of host cn1.
 */
export function placedPorts(objective: Objective, service: Service | undefined): PlacedPort[] {
  return objective.ports.flatMap((name) => {
    const declared = service?.ports.find((port) => port.name === name);
    if (declared !== undefined) {
      return declared.placements.map(({ host, port, from, to }) => ({
        name,
        host,
        port,
        from: from ?? always.from,
        to: to ?? always.to,
      }));
    }
    const slash = name.indexOf('/');
    if (slash <= 0 || slash === name.length - 1) return [];
    return [{ name, host: name.slice(0, slash), port: name.slice(slash + 1), ...always }];
  });
}

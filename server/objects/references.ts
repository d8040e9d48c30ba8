import { FourninesError } from '../../core/runtime/error.ts';
import { isoOf } from '../slo/instant.ts';
import type { Agreement, ObjectBodies, ObjectiveTerms, ObjectKind, Service } from './object.ts';
import { termsObjective } from './read-terms.ts';

/** A part of the time of an object, whichever apply it comes from. */
export interface Held<K extends ObjectKind = ObjectKind> {
  readonly kind: K;
  readonly name: string;
  readonly from: number;
  readonly to: number | null;
  readonly body: ObjectBodies[K];
}

export const keyOf = (kind: ObjectKind, name: string): string => `${kind} ${name}`;

/** What an object says of another one. */
export interface Reference {
  /** Where in its document. */
  readonly path: readonly (string | number)[];
  readonly kind: ObjectKind;
  readonly name: string;
  /** What is wrong with the other one; undefined: nothing. */
  readonly wrong: (body: ObjectBodies[ObjectKind]) => string | undefined;
}

const isEnough = () => undefined;

export function referencesOf({ kind, body }: Held): readonly Reference[] {
  switch (kind) {
    case 'tenant':
      return [];
    case 'service':
      return [{ path: ['spec', 'tenant'], kind: 'tenant', name: (body as Service).tenant, wrong: isEnough }];
    case 'contract': {
      const { service } = body as ObjectBodies['contract'];
      return [{ path: ['spec', 'service'], kind: 'service', name: service, wrong: isEnough }];
    }
    case 'agreement':
      return ofAgreement(body as Agreement);
    case 'objective':
      return ofObjective(body as ObjectiveTerms);
    default:
      throw new FourninesError('FN_INTERNAL', `an object of the kind ${kind satisfies never}`);
  }
}

function ofAgreement({ tenant, service, objectives, credits }: Agreement): Reference[] {
  const isTheirs = (body: ObjectBodies[ObjectKind]) => {
    const owner = (body as Service).tenant;
    return owner === tenant ? undefined : `belongs to tenant ${owner}, not to ${tenant}`;
  };
  const isByMinute = credits?.schedule.kind === 'badMinutes';
  const paid = new Set(credits?.objectives);
  const isTheirsToo = (name: string) => (body: ObjectBodies[ObjectKind]) => {
    const terms = body as ObjectiveTerms;
    if (terms.service !== service) return `is of service ${terms.service}, not of ${service}`;
    if (!paid.has(name)) return undefined;
    const { sli } = termsObjective(terms).sli;
    if (sli === 'cleanSlots')
      return 'counts clean slots, which no credits rest on: they are far stricter than what was sold';
    if (!isByMinute || sli === 'availability') return undefined;
    return 'counts packets, and lost packets have no minutes: badMinutes pays for availability';
  };
  return [
    { path: ['spec', 'tenant'], kind: 'tenant', name: tenant, wrong: isEnough },
    { path: ['spec', 'service'], kind: 'service', name: service, wrong: isTheirs },
    ...objectives.map(
      (name, i): Reference => ({
        path: ['spec', 'objectives', i],
        kind: 'objective',
        name,
        wrong: isTheirsToo(name),
      }),
    ),
  ];
}

/** Its ports are those of its service, or `HOST/PORT` of any host. */
function ofObjective(terms: ObjectiveTerms): Reference[] {
  const declares = (body: ObjectBodies[ObjectKind]) => {
    const declared = new Set((body as Service).ports.map((port) => port.name));
    const missing = termsObjective(terms).ports.filter((port) => !declared.has(port) && !/^[^/]+\/./.test(port));
    if (missing.length === 0) return undefined;
    return `declares no port ${missing.slice(0, 10).join(', ')}: objectives name its ports, or HOST/PORT`;
  };
  return [{ path: ['spec', 'service'], kind: 'service', name: terms.service, wrong: declares }];
}

/**
 * What is wrong with a reference over all the time of the object that has it: the other one is not there, or not all the time,
 * or not as it must be. `others`: all that is known of that name since `since`, in order of time.
 */
export function wrongWith(reference: Reference, of: Held, others: readonly Held[], since: number): string | undefined {
  const what = `${reference.kind} ${reference.name}`;
  const until = of.to ?? Infinity;
  let covered = Math.max(of.from, since);
  if (covered >= until) return undefined;
  if (others.length === 0) return `there is no ${what}`;
  for (const other of others) {
    const to = other.to ?? Infinity;
    if (to <= covered || other.from >= until) continue;
    if (other.from > covered) return `there is no ${what} before ${isoOf(other.from)}`;
    const wrong = reference.wrong(other.body);
    if (wrong !== undefined) return `${what} ${wrong}`;
    covered = to;
    if (covered >= until) return undefined;
  }
  return `there is no ${what} from ${isoOf(covered)} on`;
}

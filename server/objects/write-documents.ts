import { Digits, type Plain, yamlText } from '../openslo/plain.ts';
import { readYaml } from '../openslo/yaml-source.ts';
import { isoOf } from '../slo/instant.ts';
import { documentKinds } from './documents.ts';
import type {
  Agreement,
  Contract,
  CreditTerms,
  ObjectBodies,
  ObjectiveTerms,
  ObjectKind,
  Placement,
  Service,
  Tenant,
  Version,
} from './object.ts';

type Mapping = Readonly<Record<string, Plain>>;

/** A body as the document that it was read from: comments and blanks apart, the same. */
export function documentOf(kind: ObjectKind, name: string, body: ObjectBodies[ObjectKind]): Plain {
  if (kind === 'objective') return readYaml(name, (body as ObjectiveTerms).openslo, 'FN_OBJECT_FILE').plain();
  const shown = kind === 'tenant' || kind === 'service' ? (body as Tenant | Service).displayName : name;
  return {
    apiVersion: 'fournines/v1',
    kind: documentKinds[kind],
    metadata: { name, ...(shown === name ? {} : { displayName: shown }) },
    spec: specOf(kind, body),
  };
}

function specOf(kind: Exclude<ObjectKind, 'objective'>, body: ObjectBodies[ObjectKind]): Mapping {
  switch (kind) {
    case 'tenant':
      return { timeZone: (body as Tenant).zone };
    case 'service':
      return ofService(body as Service);
    case 'contract':
      return ofContract(body as Contract);
    default:
      return ofAgreement(body as Agreement);
  }
}

function ofService({ tenant, ports }: Service): Mapping {
  return { tenant, ports: ports.map(({ name, placements }) => ({ name, placements: placements.map(ofPlacement) })) };
}

function ofPlacement({ host, port, from, to }: Placement): Mapping {
  return { host, port, ...(from === null ? {} : { from: isoOf(from) }), ...(to === null ? {} : { to: isoOf(to) }) };
}

function ofContract({ service, rates, items }: Contract): Mapping {
  return {
    service,
    rates: rates.map(({ direction, committedPps, burstPackets }) => ({
      direction,
      committedPps: new Digits(committedPps),
      burstPackets: new Digits(burstPackets),
    })),
    items: items.map(({ name, currency, monthlyFee }) => ({ name, currency, monthlyFeeMinor: new Digits(monthlyFee) })),
  };
}

function ofAgreement({ exclusions, credits, finalAfterDays, ...rest }: Agreement): Mapping {
  const { noticeHours, retroactiveDays } = exclusions;
  const { tenant, service, objectives, coverageFloor, undetermined } = rest;
  return {
    ...{ tenant, service, objectives, coverageFloor, undetermined },
    finalAfterDays: whole(finalAfterDays),
    exclusions: { noticeHours: whole(noticeHours), retroactiveDays: whole(retroactiveDays) },
    ...(credits === null ? {} : { credits: ofCredits(credits) }),
  };
}

function ofCredits({ objectives, schedule, cap, minimumPayout, combine }: CreditTerms): Mapping {
  return {
    objectives,
    schedule:
      schedule.kind === 'badMinutes'
        ? { kind: schedule.kind, sharePerMinute: schedule.sharePerMinute }
        : { kind: schedule.kind, tiers: schedule.tiers.map(({ from, share }) => ({ from, share })) },
    cap,
    minimumPayoutMinor: new Digits(minimumPayout),
    combine,
  };
}

function whole(value: number): Digits {
  return new Digits(String(value));
}

/** What others need comes first. */
const places: Readonly<Record<ObjectKind, number>> = { tenant: 0, service: 1, contract: 2, objective: 3, agreement: 4 };

/** One file of all of them, which reads back as the same objects. */
export function writeDocuments(versions: readonly Version[]): string {
  const ordered = [...versions].sort((a, b) => places[a.kind] - places[b.kind] || (a.name < b.name ? -1 : 1));
  return ordered.map(({ kind, name, body }) => documentText(kind, name, body)).join('---\n');
}

/** An objective is kept as the text of its document. */
export function documentText(kind: ObjectKind, name: string, body: ObjectBodies[ObjectKind]): string {
  return kind === 'objective' ? (body as ObjectiveTerms).openslo : yamlText(documentOf(kind, name, body));
}

import { instantOf } from '../openslo/exclusions-file.ts';
import { zoneOf } from '../openslo/objective-file.ts';
import type { YamlMap, YamlValue } from '../openslo/yaml-source.ts';
import { portsMax } from '../slo/objective.ts';
import { minorDigitsOf } from './currency.ts';
import { readAll, readEach } from './mistakes.ts';
import type { Contract, Placement, PriceItem, Service, ServicePort, Tenant } from './object.ts';

const placementsMax = 100;
const rateDirections = ['rx', 'tx', 'toGuest', 'fromGuest'] as const;

/** Name and spec of a document of ours. */
export function specOf<const K extends string>(value: YamlValue, keys: readonly K[]): YamlMap<K> {
  const document = value.map(['apiVersion', 'kind', 'metadata', 'spec']);
  const { spec } = readAll({
    metadata: () => document.get('metadata').map(['name']),
    spec: () => document.get('spec').map(keys),
  });
  return spec;
}

/** The same of an object that people read by another name. */
function named<const K extends string>(value: YamlValue, keys: readonly K[]) {
  const document = value.map(['apiVersion', 'kind', 'metadata', 'spec']);
  return readAll({
    displayName: () => {
      const metadata = document.get('metadata').map(['name', 'displayName']);
      return metadata.maybe('displayName')?.text() ?? metadata.get('name').text();
    },
    spec: () => document.get('spec').map(keys),
  });
}

export function readTenant(value: YamlValue): Tenant {
  const { displayName, spec } = named(value, ['timeZone']);
  return { displayName, zone: zoneOf(spec.get('timeZone')).name };
}

export function readService(value: YamlValue): Service {
  const { displayName, spec } = named(value, ['tenant', 'ports']);
  const { tenant, ports } = readAll({
    tenant: () => spec.get('tenant').text(),
    ports: () => portsOf(spec.get('ports')),
  });
  return { displayName, tenant, ports };
}

function portsOf(value: YamlValue): ServicePort[] {
  const members = value.list();
  if (members.length === 0) value.fail('must name at least one port');
  if (members.length > portsMax) value.fail(`names more than ${portsMax} ports`);
  const names = new Set<string>();
  const places = new Map<string, Placement[]>();
  return readEach(members, (member) => {
    const port = member.map(['name', 'placements']);
    return readAll<ServicePort>({
      name: () => {
        const name = port.get('name').text();
        if (name.includes('/'))
          port.get('name').fail('must have no /', 'HOST/PORT in an objective is a port of a host.');
        if (names.has(name)) port.get('name').fail(`${JSON.stringify(name)} stands twice`);
        names.add(name);
        return name;
      },
      placements: () => placementsOf(port.get('placements'), places),
    });
  });
}

/** `places`: what is placed already; a port of a host is one port of a service at a time, else it would count twice. */
function placementsOf(value: YamlValue, places: Map<string, Placement[]>): Placement[] {
  const members = value.list();
  if (members.length === 0) value.fail('must say where the port is', 'Write [{ host: HOST, port: PORT }].');
  if (members.length > placementsMax) value.fail(`has more than ${placementsMax} members`);
  return readEach(members, (member) => {
    const place = member.map(['host', 'port', 'from', 'to']);
    const placement = readAll<Placement>({
      host: () => place.get('host').text(),
      port: () => place.get('port').text(),
      from: () => wholeSecond(place.maybe('from')),
      to: () => wholeSecond(place.maybe('to')),
    });
    const { host, port, from, to } = placement;
    if (to !== null && to <= (from ?? 0)) place.get('to').fail('must lie behind from');
    const others = places.get(`${host}/${port}`) ?? [];
    if (others.some((other) => (from ?? 0) < (other.to ?? Infinity) && (other.from ?? 0) < (to ?? Infinity))) {
      member.fail(`${host}/${port} is placed twice at one time`, 'Its packets would count twice.');
    }
    places.set(`${host}/${port}`, [...others, placement]);
    return placement;
  });
}

function wholeSecond(value: YamlValue | undefined): number | null {
  if (value === undefined || value.isEmpty()) return null;
  const { second, whole } = instantOf(value);
  return whole ? second : value.fail('must be a whole second');
}

export function readContract(value: YamlValue): Contract {
  const spec = specOf(value, ['service', 'rates', 'items']);
  return readAll<Contract>({
    service: () => spec.get('service').text(),
    rates: () => ratesOf(spec.maybe('rates')),
    items: () => itemsOf(spec.maybe('items')),
  });
}

function ratesOf(value: YamlValue | undefined): Contract['rates'] {
  const seen = new Set<string>();
  return readEach(value?.list() ?? [], (member) => {
    const rate = member.map(['direction', 'committedPps', 'burstPackets']);
    return readAll<Contract['rates'][number]>({
      direction: () => {
        const direction = rate.get('direction').oneOf(rateDirections);
        if (seen.has(direction)) rate.get('direction').fail(`${direction} stands twice`);
        seen.add(direction);
        return direction;
      },
      committedPps: () => wholeOf(rate.get('committedPps')),
      burstPackets: () => wholeOf(rate.get('burstPackets')),
    });
  });
}

function itemsOf(value: YamlValue | undefined): PriceItem[] {
  const names = new Set<string>();
  return readEach(value?.list() ?? [], (member) => {
    const item = member.map(['name', 'currency', 'monthlyFeeMinor']);
    return readAll<PriceItem>({
      name: () => {
        const name = item.get('name').text();
        if (names.has(name)) item.get('name').fail(`${JSON.stringify(name)} stands twice`);
        names.add(name);
        return name;
      },
      currency: () => {
        const code = item.get('currency').text();
        if (minorDigitsOf(code) !== undefined) return code;
        const hint = 'Use a code of ISO 4217, such as USD or VND.';
        return item.get('currency').fail(`there is no currency ${JSON.stringify(code.slice(0, 20))}`, hint);
      },
      monthlyFee: () => wholeOf(item.get('monthlyFeeMinor'), feeHint),
    });
  });
}

const feeHint = 'Count in minor units: 120000 is USD 1,200.00, and VND 120,000, which has no smaller coin.';

/** Decimal digits of a whole number, without leading zeros, below 2^63. */
export function wholeOf(value: YamlValue, hint?: string): string {
  const digits = value.digits();
  if (/^(0|[1-9]\d{0,18})$/.test(digits) && BigInt(digits) < 2n ** 63n) return digits;
  return value.fail(`${JSON.stringify(digits.slice(0, 40))} is no whole number below 2^63`, hint);
}

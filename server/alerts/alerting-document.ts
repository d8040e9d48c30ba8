import { addressesMax, isBareAddress } from '../../alerts/channels/email/address.ts';
import { previewTemplate } from '../../alerts/content/message.ts';
import { readReceiverRules } from '../../alerts/egress/rules.ts';
import {
  defaultFlapping,
  defaultLimits,
  type Escalation,
  type FlappingTerms,
  type Inhibition,
  type Route,
  type RouteTree,
} from '../../alerts/state/config.ts';
import { configProblems } from '../../alerts/state/config-problems.ts';
import { matcherHint, matcherOf } from '../../alerts/state/matcher-text.ts';
import type { Matcher } from '../../alerts/state/matchers.ts';
import { FourninesError, toFourninesError } from '../../core/runtime/error.ts';
import { readYaml, type YamlValue } from '../openslo/yaml-source.ts';
import { type Alerting, channelNames, type MailReceiver, type ReceiverSpec, type RequestReceiver } from './alerting.ts';
import { isSealedMark } from './secret-urls.ts';

const daySeconds = 86_400;
const routesDeepMax = 10;
const urlLengthMax = 2_000;
const caLengthMax = 65_536;
const sampleContext = { baseUrl: 'http://localhost', language: 'en', zone: 'UTC' } as const;
const requestKeys = ['url', 'privateRanges', 'http', 'ca'] as const;
const mailKeys = ['to'] as const;
const receiverKeys = [
  ...(['name', 'tenant', 'channel', 'language', 'zone', 'template'] as const),
  ...requestKeys,
  ...mailKeys,
] as const;
const routeKeys = [
  ...([
    'name',
    'tenant',
    'match',
    'continue',
    'receivers',
    'groupBy',
    'groupWaitSeconds',
    'groupIntervalSeconds',
  ] as const),
  ...(['repeatIntervalSeconds', 'escalation', 'routes'] as const),
] as const;

/**
 * Reads the document of kind Alerting: receivers, routes, inhibitions. Throws FN_ALERTING_FILE with line and key, and for what
 * only the whole can be wrong in (a receiver that is not there, one of another tenant) with all of it.
 */
export function readAlerting(name: string, text: string): Alerting {
  const document = readYaml(name, text, 'FN_ALERTING_FILE').map(['apiVersion', 'kind', 'spec']);
  document.get('apiVersion').oneOf(['fournines/v1']);
  document.get('kind').oneOf(['Alerting']);
  const spec = document.get('spec').map(['receivers', 'routes', 'inhibitions', 'flapping']);
  const receivers = spec.get('receivers').list().map(receiverOf);
  const alerting: Alerting = {
    receivers,
    config: {
      receivers: receivers.map(({ name: own, tenant, channel }) => {
        return { name: own, tenant, ...(channel === 'alertmanager-api' ? { groupsItself: true } : {}) };
      }),
      trees: spec.get('routes').list().map(treeOf),
      inhibitions: spec.maybe('inhibitions')?.list().map(inhibitionOf) ?? [],
      flapping: flappingOf(spec.maybe('flapping')),
      limits: defaultLimits,
    },
  };
  const problems = configProblems({ version: 1, ...alerting.config });
  if (problems.length === 0) return alerting;
  throw new FourninesError('FN_ALERTING_FILE', `${name}: ${problems.slice(0, 20).join('; ')}`);
}

function receiverOf(value: YamlValue): ReceiverSpec {
  const receiver = value.map(receiverKeys);
  const own = {
    name: receiver.get('name').text(),
    tenant: receiver.maybe('tenant')?.text() ?? null,
    language: receiver.maybe('language')?.text() ?? 'en',
    zone: zoneOf(receiver.maybe('zone')),
    template: templateOf(receiver.maybe('template')),
  };
  const channel = receiver.get('channel').oneOf(channelNames);
  if (channel === 'email') {
    for (const key of requestKeys) receiver.without(key, 'e-mail goes by the mail server of the configuration');
    return { ...own, channel, to: addressesOf(receiver.get('to')) };
  }
  for (const key of mailKeys) receiver.without(key, 'it is for the channel email');
  const spec: RequestReceiver = {
    ...own,
    channel,
    url: urlOf(receiver.get('url')),
    privateRanges:
      receiver
        .maybe('privateRanges')
        ?.list()
        .map((range) => range.text()) ?? [],
    http: receiver.maybe('http')?.oneOf(['refused', 'allowed']) ?? 'refused',
    ca: caOf(receiver.maybe('ca')),
  };
  try {
    readReceiverRules(spec);
  } catch (error) {
    value.fail(toFourninesError(error).message);
  }
  return spec;
}

function addressesOf(value: YamlValue): MailReceiver['to'] {
  const addresses = value.list().map((member) => {
    const address = member.text();
    if (!isBareAddress(address)) member.fail('must be a bare address', 'Write it as on-call@example.net.');
    return address;
  });
  if (addresses.length === 0 || addresses.length > addressesMax) value.fail(`must have 1 to ${addressesMax} addresses`);
  if (new Set(addresses).size < addresses.length) value.fail('names an address twice');
  return addresses;
}

/** What egress would refuse for ever is refused here already: it must be an address without a name and a password. */
function urlOf(value: YamlValue): string {
  const text = value.text();
  if (isSealedMark(text)) return text;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) value.fail('must begin with https:// or http://');
  if (url.username !== '' || url.password !== '' || url.hash !== '')
    value.fail('has a user, a password or a fragment', 'Receivers know us by the signature.');
  if (text.length > urlLengthMax) value.fail(`is longer than ${urlLengthMax} characters`);
  return text;
}

function caOf(value: YamlValue | undefined): string | null {
  if (value === undefined) return null;
  const plain = value.plain();
  if (typeof plain === 'string' && plain.length <= caLengthMax) return plain;
  return value.fail(`must be PEM of up to ${caLengthMax} characters`);
}

function zoneOf(value: YamlValue | undefined): string | null {
  if (value === undefined) return null;
  const zone = value.text();
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
  } catch {
    value.fail(`${JSON.stringify(zone)} is no time zone`, 'Write it as Europe/Berlin.');
  }
  return zone;
}

function templateOf(value: YamlValue | undefined): ReceiverSpec['template'] {
  if (value === undefined) return null;
  const template = value.map(['title', 'text']);
  const part = (key: 'title' | 'text') => {
    const found = template.maybe(key);
    if (found === undefined) return {};
    const plain = found.plain();
    if (typeof plain !== 'string') return found.fail('must be a text');
    try {
      previewTemplate(plain, sampleContext);
    } catch (error) {
      found.fail(toFourninesError(error).message);
    }
    return { [key]: plain };
  };
  return { ...part('title'), ...part('text') };
}

function treeOf(value: YamlValue): RouteTree {
  const route = value.map(routeKeys);
  return { tenant: route.maybe('tenant')?.text() ?? null, root: routeOf(value, 0) };
}

function routeOf(value: YamlValue, depth: number): Route {
  if (depth > routesDeepMax) value.fail(`is nested deeper than ${routesDeepMax}`);
  const route = value.map(routeKeys);
  if (depth > 0) route.without('tenant', 'only the first route of a tenant names it');
  const seconds = (key: 'groupWaitSeconds' | 'groupIntervalSeconds') => {
    const found = route.maybe(key);
    return found === undefined ? {} : { [key]: found.integer(0, daySeconds) };
  };
  const groupBy = route.maybe('groupBy');
  const repeat = route.maybe('repeatIntervalSeconds');
  return {
    name: route.get('name').text(),
    matchers: route.maybe('match')?.list().map(readMatcher) ?? [],
    continue: route.maybe('continue')?.truth() ?? false,
    ...ifThere(route.maybe('receivers'), (found) => ({ receivers: textsOf(found) })),
    ...ifThere(groupBy, (found) => ({ groupBy: found.plain() === 'all' ? ('all' as const) : textsOf(found) })),
    ...seconds('groupWaitSeconds'),
    ...seconds('groupIntervalSeconds'),
    ...ifThere(repeat, (found) => ({
      repeatIntervalSeconds: found.isEmpty() ? null : found.integer(60, 30 * daySeconds),
    })),
    ...ifThere(route.maybe('escalation'), (found) => ({ escalation: found.list().map(escalationOf) })),
    routes:
      route
        .maybe('routes')
        ?.list()
        .map((child) => routeOf(child, depth + 1)) ?? [],
  };
}

function ifThere<T extends object>(value: YamlValue | undefined, read: (value: YamlValue) => T): Partial<T> {
  return value === undefined ? {} : read(value);
}

function textsOf(value: YamlValue): string[] {
  return value.list().map((member) => member.text());
}

function escalationOf(value: YamlValue): Escalation {
  const escalation = value.map(['afterSeconds', 'receivers']);
  return {
    afterSeconds: escalation.get('afterSeconds').integer(1, 30 * daySeconds),
    receivers: textsOf(escalation.get('receivers')),
  };
}

function readMatcher(value: YamlValue): Matcher {
  return matcherOf(value.text()) ?? value.fail('is no matcher', matcherHint);
}

function inhibitionOf(value: YamlValue): Inhibition {
  const inhibition = value.map(['name', 'sources', 'targets', 'equal']);
  return {
    name: inhibition.get('name').text(),
    sources: inhibition.get('sources').list().map(readMatcher),
    targets: inhibition.get('targets').list().map(readMatcher),
    equal:
      inhibition
        .maybe('equal')
        ?.list()
        .map((label) => label.text()) ?? [],
  };
}

/** Left out: as usual. `off`: each coming and going is told. */
function flappingOf(value: YamlValue | undefined): FlappingTerms | null {
  if (value === undefined) return defaultFlapping;
  if (value.plain() === 'off') return null;
  const flapping = value.map(['changes', 'withinSeconds', 'quietSeconds']);
  return {
    changes: flapping.get('changes').integer(2, 50),
    withinSeconds: flapping.get('withinSeconds').integer(1, daySeconds),
    quietSeconds: flapping.get('quietSeconds').integer(1, daySeconds),
  };
}

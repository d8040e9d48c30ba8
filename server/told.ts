import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { createEgress } from '../alerts/egress/egress.ts';
import { readEgressRules } from '../alerts/egress/rules.ts';
import { checkedMailServer } from '../alerts/mail/mail-server.ts';
import { Post } from '../alerts/mail/post.ts';
import { toFourninesError } from '../core/runtime/error.ts';
import type { Logger } from '../core/runtime/logger.ts';
import { ActLinks } from './alerts/act-links.ts';
import { AlertingDesk } from './alerts/alerting-desk.ts';
import { DeliveryKeeper } from './alerts/delivery-keeper.ts';
import { Dispatcher } from './alerts/dispatcher.ts';
import type { Indicators } from './alerts/indicators.ts';
import { Notifier } from './alerts/notifier.ts';
import { Resender } from './alerts/resender.ts';
import { SealKey } from './alerts/sealed.ts';
import { Sender } from './alerts/sender.ts';
import type { MailConfig, ServerConfig } from './config.ts';
import { AlertStore } from './control/alert-store.ts';
import { AlertingStore } from './control/alerting-store.ts';
import { DeliveryLog } from './control/delivery-log.ts';
import { DeliveryStore } from './control/delivery-store.ts';
import { OngoingStore } from './control/ongoing-store.ts';
import type { Objects } from './objects/objects.ts';
import { ofKind } from './objects/of-kind.ts';
import { readSecret } from './read-secret.ts';
import type { Stores } from './stores.ts';

export interface ToldOptions {
  readonly config: ServerConfig;
  /** The data folder. */
  readonly data: string;
  readonly objects: Objects;
  readonly indicators: Indicators;
  /** Where the server listens; empty before it does. */
  readonly url: () => string;
  readonly nowMs: () => number;
  readonly logger: Logger;
}

/** Who is told of breaches, and how it reaches them. */
export function makeTold({ control, turns }: Stores, options: ToldOptions) {
  const { config, data, objects, indicators, url, nowMs, logger: log } = options;
  const logger = log.child({ component: 'alerts' });
  const ready = (signal: AbortSignal) => control.ready(signal);
  const baseUrl = () => config.alerts.publicUrl || url();
  const { resendSeconds } = config.alerts;
  const deliveries = new DeliveryStore(control.store);
  const sealKey = sealKeyOf(config.alerts.secretsKeyFile, data);
  const links = linksOf(sealKey);
  const desk = new AlertingDesk({
    store: new AlertingStore(control.store),
    sealKey,
    ...{ ready, nowMs, logger },
  });
  const sender = new Sender({
    egress: createEgress(readEgressRules({ ...config.alerts, own: ownAddresses(config), headers: [] })),
    post: postOf(config.alerts.mail, logger),
    receiver: (name) => desk.receiver(name),
    baseUrl,
    zoneOf: async (tenant) => {
      const last = ofKind(await objects.history('tenant', tenant), 'tenant').at(-1);
      return last?.body.zone ?? 'UTC';
    },
    ...{ links, resendSeconds, nowMs },
  });
  const dispatcher = new Dispatcher({
    deliveries,
    send: (delivery, signal) => sender.send(delivery, signal),
    again: new Resender({
      ongoing: new OngoingStore(control.store),
      isDisabled: async (receiver) => (await deliveries.circuit(receiver)).disabled !== '',
      receivers: () => desk.receivers,
      tell: (receiver, notification, signal) => sender.tell(receiver, notification, signal),
      everyMs: resendSeconds * 1_000,
      ...{ nowMs, logger },
    }),
    inTurn: turns.forDeliveries(config.leaseMs),
    permille: () => randomInt(1_001),
    ...{ ready, nowMs, logger },
  });
  const notifier = new Notifier({
    store: new AlertStore(control.store),
    config: () => desk.config,
    indicatorOf: (objective) => indicators.of(objective),
    inTurn: turns.forAlerts(config.leaseMs),
    onDeliveries: () => dispatcher.wake(),
    ...{ ready, nowMs, logger },
  });
  const deliveryLog = new DeliveryLog(control.store);
  const keeper = new DeliveryKeeper({
    log: deliveryLog,
    keepDays: config.alerts.keepDays,
    inTurn: turns.forDeliveryLog(config.leaseMs),
    ...{ ready, nowMs, logger },
  });
  const alertStats = () => ({ notifier: notifier.stats, dispatcher: dispatcher.stats, keeper: keeper.stats });
  const parts = [desk, notifier, dispatcher, keeper];
  return { desk, links, deliveries, deliveryLog, dispatcher, baseUrl, alertStats, parts };
}

/** Made at the first need: a server without receivers has no use for it. */
function sealKeyOf(file: string, data: string): () => SealKey {
  let key: SealKey | undefined;
  return () => {
    key ??= SealKey.fromFile(file === '' ? join(data, 'secrets.key') : file, { isMade: file === '' });
    return key;
  };
}

/** A server whose key cannot be read gives no links and takes none. */
function linksOf(sealKey: () => SealKey): () => ActLinks | undefined {
  let links: ActLinks | undefined;
  return () => {
    try {
      links ??= new ActLinks(sealKey());
    } catch (error) {
      if (toFourninesError(error).code !== 'FN_CONFIG') throw error;
    }
    return links;
  };
}

/** FN_CONFIG: what the configuration says of the mail server does not go together, or a file of it cannot be read. */
function postOf({ host, port, tls, user, passwordFile, from, caFile }: MailConfig, logger: Logger): Post | undefined {
  if (host === '') return undefined;
  const password = passwordFile === '' ? '' : readSecret(passwordFile);
  const ca = caFile === '' ? null : readSecret(caFile);
  return new Post(checkedMailServer({ host, port, tls, user, password, from, ca }), logger);
}

/** Both stores, where they are on a network: nobody's receiver is there. */
function ownAddresses({ control, store, alerts }: ServerConfig): readonly string[] {
  const { host, port } = control;
  const stores = [
    ...(control.kind === 'postgres' ? [`${host.includes(':') ? `[${host}]` : host}:${port}`] : []),
    ...(store.kind === 'clickhouse' ? [addressOf(new URL(store.url))] : []),
  ];
  return [...stores, ...alerts.own];
}

function addressOf({ hostname, port, protocol }: URL): string {
  return `${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`;
}

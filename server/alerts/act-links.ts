import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Alert } from '../../alerts/alert.ts';
import type { Notification } from '../../alerts/notification.ts';
import type { SealKey } from './sealed.ts';

export const linkActs = ['acknowledge', 'silence'] as const;
export type LinkAct = (typeof linkActs)[number];

/** What a link lets its holder do, once. */
export interface LinkClaim {
  readonly act: LinkAct;
  /** Id of the breach: 32 hex digits. */
  readonly breach: string;
  /** Number of the change that they were told of. */
  readonly entry: number;
  /** Whom it was given to. */
  readonly receiver: string;
  /** Unix seconds, not included. */
  readonly until: number;
}

/** Where links lead, below the product's own address. */
export const linkPath = '/act';
/** Longer than a weekend, shorter than anybody keeps mails open. */
const lifeSeconds = 7 * 86_400;
const breachBytes = 16;
const headBytes = 1 + breachBytes + 4 + 4;
/** Of HMAC-SHA-256, cut as RFC 2104 allows: nobody guesses 128 bits. */
const macBytes = 16;
const breachForm = /^[0-9a-f]{32}$/;

/** Links that let whoever has one do one act to one breach, sealed by a key of this server. */
export class ActLinks {
  readonly #key: Buffer;

  constructor(sealKey: Pick<SealKey, 'derive'>) {
    this.#key = sealKey.derive('links of notifications');
  }

  /** Base64url of act, breach, entry, end, receiver and a seal over all of them. */
  token({ act, breach, entry, receiver, until }: LinkClaim): string {
    const head = Buffer.alloc(headBytes);
    head.writeUInt8(linkActs.indexOf(act));
    head.write(breach, 1, 'hex');
    head.writeUInt32BE(entry, 1 + breachBytes);
    head.writeUInt32BE(until, 5 + breachBytes);
    const said = Buffer.concat([head, Buffer.from(receiver, 'utf8')]);
    return Buffer.concat([said, this.#mac(said)]).toString('base64url');
  }

  /** Undefined: it is none of ours, or somebody changed it. Whether its time is over is for the caller to say. */
  read(token: string): LinkClaim | undefined {
    const bytes = Buffer.from(token, 'base64url');
    // Only the one form that we write: other texts of the same bytes are not the link that was given.
    if (bytes.length <= headBytes + macBytes || bytes.toString('base64url') !== token) return undefined;
    const said = bytes.subarray(0, -macBytes);
    if (!timingSafeEqual(this.#mac(said), bytes.subarray(-macBytes))) return undefined;
    const act = linkActs[said.readUInt8()];
    if (act === undefined) return undefined;
    return {
      act,
      breach: said.toString('hex', 1, 1 + breachBytes),
      entry: said.readUInt32BE(1 + breachBytes),
      until: said.readUInt32BE(5 + breachBytes),
      receiver: said.toString('utf8', headBytes),
    };
  }

  /**
   * The notification with links at each alert that fires. They end by when it was decided, so that each attempt has the same
   * ones; they are not kept with it, so that whoever reads the log of deliveries has none.
   */
  given(notification: Notification): Notification {
    const { receiver, at } = notification;
    const alerts = notification.alerts.map((alert): Alert => {
      const breach = alert.labels['breach'] ?? '';
      if (alert.status !== 'firing' || !breachForm.test(breach)) return alert;
      const claim = { breach, entry: alert.entry, receiver, until: at + lifeSeconds };
      const link = (act: LinkAct) => `${linkPath}?link=${this.token({ act, ...claim })}`;
      const links = { ...alert.facts.links, acknowledge: link('acknowledge'), silence: link('silence') };
      return { ...alert, facts: { ...alert.facts, links } };
    });
    return { ...notification, alerts };
  }

  #mac(said: Uint8Array): Buffer {
    return createHmac('sha256', this.#key).update(said).digest().subarray(0, macBytes);
  }
}

/** Names a link in the log of acts, and gives nothing of it away. */
export function linkId(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 32);
}

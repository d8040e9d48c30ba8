import type { Alert, Labels } from './alert.ts';

export const notificationReasons = ['new', 'changed', 'resolved', 'repeated', 'escalated', 'test'] as const;
export type NotificationReason = (typeof notificationReasons)[number];

/** What goes to one receiver at once: the alerts of one group. */
export interface Notification {
  /** The same at each attempt, so that a receiver can drop the second; no dot in it (Standard Webhooks signs "id.time.body"). */
  readonly id: string;
  readonly receiver: string;
  /** null: of no tenant's, for the operator. */
  readonly tenant: string | null;
  readonly group: { readonly key: string; readonly labels: Labels };
  readonly reason: NotificationReason;
  /** Counts what was told of the group to this receiver, from 1. */
  readonly sequence: number;
  /** When it was decided, unix seconds. */
  readonly at: number;
  /** Those that fire first, the worst first; `leftOut` counts those for which there was no room. */
  readonly alerts: readonly Alert[];
  readonly leftOut: number;
}

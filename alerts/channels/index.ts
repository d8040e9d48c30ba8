import type { Channel } from '../channel.ts';
import { alertmanager } from './alertmanager/form.ts';
import { alertmanagerApi } from './alertmanager-api/form.ts';
import { cloudevents } from './cloudevents/form.ts';
import { email } from './email/form.ts';
import { slack } from './slack/form.ts';
import { webhook } from './webhook/form.ts';

/** Every kind of receiver, by the name that its settings have; one line each. */
export const channels = {
  alertmanager,
  'alertmanager-api': alertmanagerApi,
  cloudevents,
  email,
  slack,
  webhook,
} as const satisfies Record<string, Channel>;

export type ChannelName = keyof typeof channels;

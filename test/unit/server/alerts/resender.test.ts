import { expect, test } from 'vitest';
import type { Notification } from '../../../../alerts/notification.ts';
import type { Answer } from '../../../../alerts/outbox/after-attempt.ts';
import { silentLogger } from '../../../../core/runtime/logger.ts';
import type { PresentReceiver } from '../../../../server/alerts/alerting-desk.ts';
import { Resender } from '../../../../server/alerts/resender.ts';
import type { OngoingPage } from '../../../../server/control/ongoing-store.ts';
import { anAlert } from '../../alerts/state/an-alert.ts';

const signal = new AbortController().signal;
const taken: Answer = { outcome: 'delivered', status: 200, code: '', detail: '', retryAfterMs: null };
const away: Answer = { ...taken, outcome: 'retry', status: null, code: 'FN_RECEIVER_AWAY' };

/** A receiver as a document names it, as far as it counts here. */
function receiver(name: string, channel: 'alertmanager-api' | 'webhook'): PresentReceiver {
  return { spec: { name, channel }, keys: [] } as unknown as PresentReceiver;
}

function page(first: number, count: number, next: string | null): OngoingPage {
  const alerts = Array.from({ length: count }, (_, i) => anAlert({ labels: { port: `p${first + i}` } }));
  return { alerts, next };
}

class Story {
  nowMs = 0;
  answer = taken;
  disabled = new Set<string>();
  receivers = [receiver('am', 'alertmanager-api'), receiver('hook', 'webhook')];
  pages: OngoingPage[] = [page(0, 3, null)];
  readonly asked: string[] = [];
  readonly told: Notification[] = [];
  readonly resender = new Resender({
    ongoing: {
      page: async (_receiver, { after }) => {
        this.asked.push(after);
        return this.pages.length > 1 ? (this.pages.shift() as OngoingPage) : (this.pages[0] as OngoingPage);
      },
    },
    isDisabled: async (name) => this.disabled.has(name),
    receivers: () => this.receivers,
    tell: async (_receiver, notification) => {
      this.told.push(notification);
      return this.answer;
    },
    nowMs: () => this.nowMs,
    monoMs: () => this.nowMs,
    everyMs: 60_000,
    logger: silentLogger,
  });

  send(): Promise<void> {
    return this.resender.send('am', signal);
  }
}

test('receivers of that channel alone are told, at once and then each minute', async () => {
  const story = new Story();
  expect(story.resender.due()).toEqual(['am']);
  await story.send();
  expect(story.told.map(({ alerts, leftOut }) => [alerts.length, leftOut])).toEqual([[3, 0]]);
  story.nowMs = 59_999;
  expect(story.resender.due()).toEqual([]);
  story.nowMs = 60_000;
  expect(story.resender.due()).toEqual(['am']);
  story.resender.begin();
  story.nowMs = 1;
  expect(story.resender.due()).toEqual(['am']);
});

test('a round goes in pieces, each due at once, and the next round a minute after this one began', async () => {
  const story = new Story();
  story.pages = [page(0, 100, 'f99'), page(100, 100, 'f199'), page(200, 7, null)];
  for (let piece = 0; piece < 3; piece++) {
    expect(story.resender.due()).toEqual(['am']);
    await story.send();
    story.nowMs += 1_000;
  }
  expect(story.asked).toEqual(['', 'f99', 'f199']);
  expect(story.told.flatMap(({ alerts }) => alerts)).toHaveLength(207);
  story.nowMs = 59_999;
  expect(story.resender.due()).toEqual([]);
  story.nowMs = 60_000;
  expect(story.resender.due()).toEqual(['am']);
});

test('what was not taken is no backlog: the next round tells what goes on by then', async () => {
  const story = new Story();
  story.answer = away;
  story.pages = [page(0, 100, 'f99'), page(0, 1, null)];
  await story.send();
  expect(story.resender.due()).toEqual([]);
  story.nowMs = 60_000;
  story.answer = taken;
  await story.send();
  expect(story.asked).toEqual(['', '']);
  expect(story.told.at(-1)?.alerts).toHaveLength(1);
});

test('nothing is sent where nothing goes on, nor to a receiver that is disabled, and one that is gone is forgotten', async () => {
  const story = new Story();
  story.disabled.add('am');
  await story.send();
  story.disabled.clear();
  story.pages = [page(0, 0, null)];
  story.nowMs = 60_000;
  await story.send();
  expect(story.told).toEqual([]);
  story.receivers = [];
  expect(story.resender.due()).toEqual([]);
  story.receivers = [receiver('am', 'alertmanager-api')];
  expect(story.resender.due()).toEqual(['am']);
});

test('a store that is away ends the round, and does not reject', async () => {
  const story = new Story();
  const broken = new Resender({
    ongoing: { page: () => Promise.reject(new Error('away')) },
    isDisabled: async () => false,
    receivers: () => story.receivers,
    tell: async () => taken,
    nowMs: () => 0,
    monoMs: () => story.nowMs,
    everyMs: 60_000,
    logger: silentLogger,
  });
  await broken.send('am', signal);
  expect(broken.due()).toEqual([]);
  story.nowMs = 60_000;
  expect(broken.due()).toEqual(['am']);
});

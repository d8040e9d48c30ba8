import { describe, expect, test } from 'vitest';
import { createEgress } from '../../../../alerts/egress/egress.ts';
import { readEgressRules, readReceiverRules } from '../../../../alerts/egress/rules.ts';
import type { ReceiverSpec } from '../../../../server/alerts/alerting.ts';
import type { PresentReceiver } from '../../../../server/alerts/alerting-desk.ts';
import { Sender } from '../../../../server/alerts/sender.ts';
import type { Delivery } from '../../../../server/control/delivery-store.ts';

const spec: ReceiverSpec = {
  ...{ name: 'noc', tenant: null, channel: 'webhook', url: 'https://192.0.2.7/', privateRanges: [], http: 'refused' },
  ...{ ca: null, language: 'en', zone: null, template: null },
};

const delivery: Delivery = {
  ...{ id: 'n1', receiver: 'noc', tenant: null, reason: 'resolved', document: '{}', decidedMs: 0, ordinal: 1n },
  ...{ state: 'waiting', attempts: 0, dueMs: 0, untilMs: 1, code: '', changedMs: 0 },
};

function aSender(receiver: PresentReceiver | undefined): Sender {
  return new Sender({
    egress: createEgress(readEgressRules({ own: [], ports: [], headers: [], loopback: 'refused' })),
    receiver: () => receiver,
    baseUrl: () => 'https://proof.example',
    zoneOf: async () => 'UTC',
    nowMs: () => 0,
  });
}

describe('what cannot be sent yet is tried again, an end of an alert among it', () => {
  test.each([
    ['FN_RECEIVER_UNKNOWN', undefined],
    ['FN_RECEIVER_KEYLESS', { spec, rules: readReceiverRules(spec), keys: [] }],
  ])('%s', async (code, receiver) => {
    const answer = await aSender(receiver).send(delivery, new AbortController().signal);
    expect(answer).toMatchObject({ outcome: 'retry', code, status: null });
  });
});

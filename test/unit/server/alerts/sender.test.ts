import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as textOfStream } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { sampleNotification } from '../../../../alerts/content/sample.ts';
import { createEgress } from '../../../../alerts/egress/egress.ts';
import { readEgressRules, readReceiverRules } from '../../../../alerts/egress/rules.ts';
import type { MailReceiver, RequestReceiver } from '../../../../server/alerts/alerting.ts';
import type { PresentReceiver } from '../../../../server/alerts/alerting-desk.ts';
import { Sender } from '../../../../server/alerts/sender.ts';
import type { Delivery } from '../../../../server/control/delivery-store.ts';

const spec: RequestReceiver = {
  ...{ name: 'noc', tenant: null, channel: 'webhook', url: 'https://192.0.2.7/', privateRanges: [], http: 'refused' },
  ...{ ca: null, language: 'en', zone: null, template: null },
};

const mailSpec: MailReceiver = {
  ...{
    name: 'noc',
    tenant: null,
    channel: 'email',
    to: ['on-call@noc.example'],
    language: 'en',
    zone: null,
    template: null,
  },
};

const delivery: Delivery = {
  ...{ id: 'n1', receiver: 'noc', tenant: null, reason: 'resolved', document: '{}', decidedMs: 0, ordinal: 1n },
  ...{ state: 'waiting', attempts: 0, dueMs: 0, untilMs: 1, code: '', changedMs: 0 },
};

function aSender(receiver: PresentReceiver | undefined, ports: number[] = []): Sender {
  return new Sender({
    egress: createEgress(
      readEgressRules({ own: [], ports, headers: [], loopback: ports.length > 0 ? 'development' : 'refused' }),
    ),
    post: undefined,
    receiver: () => receiver,
    baseUrl: () => 'https://proof.example',
    zoneOf: async () => 'UTC',
    resendSeconds: 60,
    nowMs: () => 0,
  });
}

describe('what cannot be sent yet is tried again, an end of an alert among it', () => {
  test.each([
    ['FN_RECEIVER_UNKNOWN', undefined],
    ['FN_RECEIVER_KEYLESS', { spec, rules: readReceiverRules(spec), keys: [] }],
    ['FN_MAIL_SERVER', { spec: mailSpec, rules: null, keys: [] }],
  ] as const)('%s', async (code, receiver) => {
    const answer = await aSender(receiver).send(delivery, new AbortController().signal);
    expect(answer).toMatchObject({ outcome: 'retry', code, status: null });
  });
});

describe('a template that throws costs nobody the notification', () => {
  const much = `{#alerts}${'{summary} '.repeat(700)}{/alerts}`;
  test.each([
    ['names what there is not', '{#alerts}{nothing_of_the_kind}{/alerts}', 'there is nothing called'],
    ['is not closed', '{#alerts}{summary}', '{/alerts} is missing'],
    ['gives more than there is room for', much, 'it gives more than'],
  ])('one that %s', async (_what, text, problem) => {
    const got: string[] = [];
    const server = createServer(async (request, response) => {
      got.push(await textOfStream(request));
      response.end('ok');
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      const own = { ...spec, channel: 'slack', url: `http://127.0.0.1:${port}/`, http: 'allowed' } as const;
      const receiver = { spec: { ...own, template: { text } }, rules: readReceiverRules(own), keys: [] };
      const document = JSON.stringify(sampleNotification);
      const signal = AbortSignal.timeout(10_000);
      const answer = await aSender(receiver, [port]).send({ ...delivery, document }, signal);
      expect(answer).toMatchObject({ outcome: 'delivered', status: 200 });
      expect(got).toHaveLength(1);
      expect(got[0]).toContain('The template of this receiver could not be used (template line 1: ');
      expect(got[0]).toContain(problem);
      expect(got[0]).toContain('Budget: 77 % is gone');
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

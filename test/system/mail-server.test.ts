import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { FormedMail } from '../../alerts/channel.ts';
import { email } from '../../alerts/channels/email/form.ts';
import { checkedMailServer, type MailServer } from '../../alerts/mail/mail-server.ts';
import { Post } from '../../alerts/mail/post.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { LabMail, mailPassword, mailUser } from '../lab/receivers/lab-mail.ts';
import { skipWithoutReceivers } from '../lab/receivers/presence.ts';
import { contextOf, notificationOf } from '../unit/alerts/telling.ts';

const signal = new AbortController().signal;
const waiting = { timeout: 30_000, interval: 50 };

describe.skipIf(skipWithoutReceivers)('a real mail server', () => {
  let mail: LabMail;
  let server: MailServer;

  beforeAll(async () => {
    mail = await LabMail.start();
    server = checkedMailServer({
      ...{ host: mail.host, port: mail.port, tls: 'starttls', user: mailUser, password: mailPassword },
      ...{ from: 'fournines@lab.example', ca: readFileSync(mail.caFile, 'utf8') },
    });
  }, 60_000);

  afterAll(() => mail?.[Symbol.asyncDispose]());

  /** A mail of its own for each test, so that they do not meet in the mailbox. */
  const aMail = (id: string, ...to: readonly string[]): FormedMail =>
    email.form(notificationOf({ id }), contextOf({ mail: { from: 'fournines@lab.example', to } }));
  const arrived = (id: string) => mail.mails().filter(({ headers }) => headers['message-id'] === `<${id}@lab.example>`);

  test('takes a mail, whose headers and parts are what was formed', async () => {
    const formed = aMail('whole', 'ops@lab.example');
    const sent = { ...formed, subject: 'Firing: Zürich – 5 µs\r\nBcc: acme@lab.example' };
    expect(await new Post(server, silentLogger).send(sent, signal)).toMatchObject({
      outcome: 'delivered',
      status: 250,
      code: '',
    });
    await vi.waitFor(() => expect(arrived('whole')).toHaveLength(1), waiting);
    const [got] = arrived('whole');
    expect(got?.headers).toMatchObject({
      'envelope-to': 'ops@lab.example',
      'return-path': '<fournines@lab.example>',
      from: 'fournines@lab.example',
      to: 'ops@lab.example',
      subject: 'Firing: Zürich – 5 µs Bcc: acme@lab.example',
      'auto-submitted': 'auto-generated',
      references: formed.headers['references'],
    });
    expect(got?.headers).not.toHaveProperty('bcc');
    expect(got?.text.trimEnd()).toBe(formed.text.trimEnd());
    expect(got?.html.trimEnd()).toBe(formed.html.trimEnd());
    expect(mail.mails().some(({ headers }) => headers['envelope-to'] === 'acme@lab.example')).toBe(false);
  });

  test('that refuses an address for ever: the others have it, and the refused one is named', async () => {
    const post = new Post(server, silentLogger);
    expect(await post.send(aMail('partly', 'ops@lab.example', 'gone@lab.example'), signal)).toMatchObject({
      outcome: 'delivered',
      detail: expect.stringMatching(/taken for 1 of 2 addresses; does not take it: gone@lab\.example \(550 nobody/),
    });
    expect(await post.send(aMail('nobody', 'gone@lab.example'), signal)).toMatchObject({
      ...{ outcome: 'giveUp', status: 550, code: 'FN_RECEIVER_REJECTED' },
    });
  });

  test('that may take it later for one of three: it is tried again for that one alone', async () => {
    const post = new Post(server, silentLogger);
    const formed = aMail('later', 'ops@lab.example', 'later@lab.example', 'noc@lab.example');
    const later = { outcome: 'retry', status: 451, code: 'FN_RECEIVER_FAILING' };
    const why = 'taken for 2 of 3 addresses; may take it later: later@lab.example (451 the mailbox is full)';
    const first = await post.send(formed, signal);
    expect(first).toMatchObject({ ...later, detail: expect.stringMatching(/^250 OK id=/) });
    expect(first.detail.endsWith(why)).toBe(true);
    // Nothing was handed over this time.
    expect(await post.send(formed, signal)).toMatchObject({ ...later, detail: why });
    const addresses = () =>
      arrived('later')
        .map(({ headers }) => headers['envelope-to'])
        .sort();
    await vi.waitFor(() => expect(addresses()).toEqual(['noc@lab.example', 'ops@lab.example']), waiting);
  });

  test('that does not know us: it is tried again, and the password is in no answer', async () => {
    const wrong = { ...server, password: 'another-secret' };
    const answer = await new Post(wrong, silentLogger).send(aMail('unknown', 'ops@lab.example'), signal);
    expect(answer).toMatchObject({ outcome: 'retry', status: 535, code: 'FN_RECEIVER_FAILING' });
    expect(answer.detail).toMatch(/^EAUTH \(AUTH PLAIN\): 535/);
  });

  test('whose certificate nobody vouches for, or is for another name, gets neither mail nor password', async () => {
    for (const other of [{ ca: null }, { host: '127.0.0.1' }]) {
      const answer = await new Post({ ...server, ...other }, silentLogger).send(
        aMail('tls', 'ops@lab.example'),
        signal,
      );
      expect(answer).toMatchObject({ outcome: 'retry', status: null, code: 'FN_RECEIVER_AWAY' });
      expect(answer.detail).toMatch(/certificate|altname/i);
    }
    expect(arrived('tls')).toEqual([]);
  });

  test('that is away: it is tried again, and taken when it is back', async () => {
    const post = new Post(server, silentLogger);
    await mail.kill();
    expect(await post.send(aMail('away', 'ops@lab.example'), signal)).toMatchObject({
      ...{ outcome: 'retry', status: null, code: 'FN_RECEIVER_AWAY' },
    });
    await mail.run();
    expect(await post.send(aMail('away', 'ops@lab.example'), signal)).toMatchObject({ outcome: 'delivered' });
    await vi.waitFor(() => expect(arrived('away')).toHaveLength(1), waiting);
  });
});

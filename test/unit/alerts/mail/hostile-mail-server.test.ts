import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, expect, test } from 'vitest';
import type { FormedMail } from '../../../../alerts/channel.ts';
import { email } from '../../../../alerts/channels/email/form.ts';
import type { MailServer } from '../../../../alerts/mail/mail-server.ts';
import { Post } from '../../../../alerts/mail/post.ts';
import { silentLogger } from '../../../../core/runtime/logger.ts';
import { contextOf, notificationOf } from '../telling.ts';

type Reply = (line: string, socket: Socket) => string | null;

const password = 'a password of this test';
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A server that says what a test wants: null is silence. */
async function aServer(greeting: string | null, reply: Reply): Promise<MailServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    if (greeting !== null) socket.write(`${greeting}\r\n`);
    createInterface({ input: socket, crlfDelay: Number.POSITIVE_INFINITY }).on('line', (line) => {
      const said = reply(line, socket);
      if (said !== null && !socket.destroyed) socket.write(`${said}\r\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  );
  const { port } = server.address() as AddressInfo;
  return { host: '127.0.0.1', port, tls: 'none', user: '', password: '', from: 'f@noc.example', ca: null };
}

/** Polite until DATA. */
function polite(said: readonly string[], atEnd: string): Reply {
  let isData = false;
  return (line) => {
    (said as string[]).push(line);
    if (isData) {
      if (line !== '.') return null;
      isData = false;
      return atEnd;
    }
    if (line.startsWith('EHLO')) return '250-x\r\n250-AUTH PLAIN\r\n250 SIZE 100000';
    if (line === 'DATA') isData = true;
    return isData ? '354 go on' : line.startsWith('AUTH') ? `235 you said ${line}` : '250 OK';
  };
}

const mail = (over: Partial<FormedMail> = {}): FormedMail => ({
  ...email.form(notificationOf(), contextOf({ mail: { from: 'f@noc.example', to: ['a@x.example'] } })),
  ...over,
});
const signal = new AbortController().signal;

test('silence instead of a greeting ends in time, and so does a server that trickles', async () => {
  const silent = await aServer(null, () => null);
  const bounds = { greetingMs: 100, wholeMs: 5_000 };
  expect(await new Post(silent, silentLogger, bounds).send(mail(), signal)).toMatchObject({
    ...{ outcome: 'retry', status: null, code: 'FN_RECEIVER_AWAY' },
    detail: expect.stringMatching(/greeting/i),
  });
  const trickle = await aServer('220 x', (_line, socket) => {
    const timer = setInterval(() => socket.write('250-x\r\n'), 10);
    socket.once('close', () => clearInterval(timer));
    return null;
  });
  expect(await new Post(trickle, silentLogger, { wholeMs: 300 }).send(mail(), signal)).toMatchObject({
    ...{ outcome: 'retry', code: 'FN_RECEIVER_AWAY', detail: 'ETIMEDOUT: everything together took too long' },
  });
});

test('a reply without an end is not kept in memory', async () => {
  let written = 0;
  const endless = await aServer('220 x', (_line, socket) => {
    const pour = () => {
      if (socket.destroyed) return;
      written += 8_192;
      socket.write('x'.repeat(8_192), () => setImmediate(pour));
    };
    pour();
    return null;
  });
  const answer = await new Post(endless, silentLogger, { replyBytes: 16_384 }).send(mail(), signal);
  expect(answer).toMatchObject({ outcome: 'retry', code: 'FN_RECEIVER_AWAY' });
  expect(answer.detail.length).toBeLessThan(500);
  expect(written).toBeLessThan(64 * 1024 * 1024);
});

test('whoever gives up is heard at once', async () => {
  const giveUp = new AbortController();
  const silent = await aServer(null, () => null);
  const sent = new Post(silent, silentLogger).send(mail(), giveUp.signal);
  giveUp.abort();
  expect(await sent).toMatchObject({ outcome: 'retry', detail: 'EABORT: it was given up' });
});

test('a password that the server says back is not in the answer', async () => {
  const auth = Buffer.from(`\0u\0${password}`).toString('base64');
  const server = await aServer('220 x', (line) =>
    line.startsWith('EHLO') ? '250-x\r\n250 AUTH PLAIN' : `535 no: ${line}, that is ${password}`,
  );
  const { detail } = await new Post({ ...server, user: 'u', password }, silentLogger).send(mail(), signal);
  expect(detail).toBe('EAUTH (AUTH PLAIN): 535 no: AUTH PLAIN [password], that is [password]');
  expect(detail).not.toContain(auth);
});

test('values begin no header, no address and no command, and nothing is read for them', async () => {
  const said: string[] = [];
  const server = await aServer('220 x', polite(said, '250 OK'));
  const evil = 'x\r\nBcc: all@evil.example\r\n.\r\nMAIL FROM:<evil@evil.example>';
  const answer = await new Post(server, silentLogger).send(
    mail({
      ...{ subject: evil, text: `${evil}\n.\nQUIT`, html: `<img src="file:///etc/passwd">${evil}`, messageId: '<a@b>' },
      headers: { references: '<c@d>', 'content-language': evil },
    }),
    signal,
  );
  expect(answer).toMatchObject({ outcome: 'delivered', status: 250 });
  const commands = said.filter((line) => /^(MAIL|RCPT|DATA|QUIT|RSET|BDAT)/.test(line));
  expect(commands.slice(0, 3)).toEqual(['MAIL FROM:<f@noc.example>', 'RCPT TO:<a@x.example>', 'DATA']);
  const headers = said.slice(said.indexOf('DATA') + 1, said.indexOf(''));
  expect(headers.filter((line) => /^(bcc|mail)\b/i.test(line))).toEqual([]);
  expect(headers).toContain('References: <c@d>');
  expect(headers).toContain('Message-ID: <a@b>');
  expect(said.join('\n')).not.toContain('root:');
});

test('what was cut off behind its last byte is tried again, under the same id', async () => {
  const said: string[] = [];
  const talk = polite(said, 'never');
  const cut = await aServer('220 x', (line, socket) => {
    if (line === '.') socket.destroy();
    return talk(line, socket);
  });
  const post = new Post(cut, silentLogger);
  for (let attempt = 0; attempt < 2; attempt++)
    expect(await post.send(mail(), signal)).toMatchObject({ outcome: 'retry', code: 'FN_RECEIVER_AWAY' });
  const ids = said.filter((line) => line.startsWith('Message-ID:'));
  expect(ids).toHaveLength(2);
  expect(new Set(ids).size).toBe(1);
});

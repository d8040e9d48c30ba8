import { connect, type Socket } from 'node:net';
import { createTransport, type NodemailerError } from 'nodemailer';
import type { Logger } from '../../core/runtime/logger.ts';
import type { FormedMail } from '../channel.ts';
import { Deadline, unlessEnded } from '../egress/deadline.ts';
import { excerptOf } from '../egress/excerpt.ts';
import type { Answer } from '../outbox/after-attempt.ts';
import type { MailServer } from './mail-server.ts';
import { answerOfAddresses, answerOfProblem, type NotTaken } from './outcome.ts';

/** How long and how much at most. */
export interface MailBounds {
  /** Name and connection, TLS not among it. */
  readonly connectMs: number;
  readonly greetingMs: number;
  /** Between two bytes of the server. */
  readonly silenceMs: number;
  /** Everything together. */
  readonly wholeMs: number;
  /** Of one reply. */
  readonly replyBytes: number;
}

const mailBounds: MailBounds = {
  connectMs: 5_000,
  greetingMs: 10_000,
  silenceMs: 15_000,
  wholeMs: 30_000,
  replyBytes: 16 * 1024,
};

/** Mails that went to some of their addresses and not yet to all: of so many it is remembered to whom. */
const unfinishedMax = 1_000;

/**
 * Hands mails to the operator's mail server: a connection for each, nothing kept open. Never rejects. A mail that was cut
 * off behind its last byte may be there twice, under one Message-ID.
 */
export class Post {
  readonly #server: MailServer;
  readonly #logger: Pick<Logger, 'warn'>;
  readonly #bounds: MailBounds;
  /** By Message-ID: who has it already. */
  readonly #unfinished = new Map<string, ReadonlySet<string>>();

  constructor(server: MailServer, logger: Pick<Logger, 'warn'>, bounds: Partial<MailBounds> = {}) {
    this.#server = server;
    this.#logger = logger;
    this.#bounds = { ...mailBounds, ...bounds };
  }

  get from(): string {
    return this.#server.from;
  }

  async send(mail: FormedMail, signal: AbortSignal): Promise<Answer> {
    const before = this.#unfinished.get(mail.messageId) ?? new Set<string>();
    const to = mail.to.filter((address) => !before.has(address));
    const sent = await this.#hand(mail, to, signal);
    if ('problem' in sent) return sent.problem;
    const refused = new Set(sent.notTaken.map(({ address }) => address));
    const has = new Set([...before, ...to.filter((address) => !refused.has(address))]);
    const answer = answerOfAddresses({ taken: has.size, ...sent });
    if (answer.outcome === 'delivered' && refused.size > 0) {
      const told = { code: 'FN_RECEIVER_REJECTED', mail: mail.messageId, refused: refused.size, taken: has.size };
      this.#logger.warn(told, 'a mail was refused for some of its addresses');
    }
    this.#remember(mail.messageId, answer.outcome === 'retry' ? has : new Set());
    return answer;
  }

  async #hand(
    mail: FormedMail,
    to: readonly string[],
    signal: AbortSignal,
  ): Promise<{ readonly notTaken: readonly NotTaken[]; readonly text: string } | { readonly problem: Answer }> {
    using whole = new Deadline(this.#bounds.wholeMs, signal);
    using line = new Line(this.#server, whole.signal);
    try {
      const info = await unlessEnded(this.#transport(line).sendMail(messageOf(mail, to)), whole.signal);
      if (info === undefined) return { problem: cutShort(whole) };
      return { notTaken: this.#notTaken(info.rejectedErrors ?? []), text: this.#harmless(info.response) };
    } catch (error) {
      line.end();
      if (whole.signal.aborted) return { problem: cutShort(whole) };
      const {
        message,
        code = 'ESOCKET',
        command = '',
        responseCode,
        response,
        rejectedErrors,
      } = error as NodemailerError;
      if (rejectedErrors !== undefined && rejectedErrors.length === to.length)
        return { notTaken: this.#notTaken(rejectedErrors), text: '' };
      const text = this.#harmless(response ?? message);
      return { problem: answerOfProblem({ code, command, status: responseCode ?? null, text }) };
    }
  }

  #transport(line: Line) {
    const { host, port, tls, user, password, ca } = this.#server;
    const { connectMs, greetingMs, silenceMs, replyBytes } = this.#bounds;
    return createTransport({
      ...{ host, port, pool: false, logger: false, disableFileAccess: true, disableUrlAccess: true },
      ...{ secure: tls === 'implicit', requireTLS: tls === 'starttls', ignoreTLS: tls === 'none' },
      // Whatever the environment says, the certificate is checked.
      tls: { minVersion: 'TLSv1.2', rejectUnauthorized: true, ...(ca === null ? {} : { ca }) },
      ...(user === '' ? {} : { auth: { user, pass: password } }),
      ...{ connectionTimeout: connectMs, greetingTimeout: greetingMs, socketTimeout: silenceMs },
      maxResponseSize: replyBytes,
      getSocket: (_options: unknown, callback: (error: Error | null, found?: { connection: Socket }) => void) => {
        line.open(connectMs).then(
          (connection) => callback(null, { connection }),
          (error: Error) => callback(error),
        );
      },
    });
  }

  #notTaken(errors: readonly NodemailerError[]): readonly NotTaken[] {
    return errors.map(({ recipient = '', responseCode, response, message }) => {
      return { address: recipient, status: responseCode ?? null, text: this.#harmless(response ?? message) };
    });
  }

  /** One line that can be shown; a server that repeats what we logged in with does not bring it into the log. */
  #harmless(text: string): string {
    const { user, password } = this.#server;
    const plain = excerptOf(Buffer.from(text)).slice(0, 300);
    if (password === '') return plain;
    // The longest first: it holds the others.
    const told = [base64(`\0${user}\0${password}`), base64(password), password];
    return told.reduce((cleaned, secret) => cleaned.replaceAll(secret, '[password]'), plain);
  }

  #remember(messageId: string, has: ReadonlySet<string>): void {
    this.#unfinished.delete(messageId);
    if (has.size === 0) return;
    if (this.#unfinished.size >= unfinishedMax)
      this.#unfinished.delete(this.#unfinished.keys().next().value ?? messageId);
    this.#unfinished.set(messageId, has);
  }
}

/** The connection of one mail: whatever ends the attempt takes it down; after a mail that was taken the library says good-bye. */
class Line implements Disposable {
  readonly #server: MailServer;
  readonly #signal: AbortSignal;
  #socket: Socket | undefined;
  readonly end = () => {
    this.#socket?.destroy();
  };

  constructor(server: MailServer, signal: AbortSignal) {
    this.#server = server;
    this.#signal = signal;
    signal.addEventListener('abort', this.end, { once: true });
  }

  open(connectMs: number): Promise<Socket> {
    const { host, port } = this.#server;
    const { promise, resolve, reject } = Promise.withResolvers<Socket>();
    const failed = (code: string, why: string) => reject(Object.assign(new Error(why), { code, command: 'CONN' }));
    // By the system's resolver, /etc/hosts among it: it is the operator's own name.
    const socket = connect({ host, port, noDelay: true });
    this.#socket = socket;
    socket.setTimeout(connectMs, () => socket.destroy(new Error('it did not answer in time')));
    // Stays: a connection may fail again while it is being taken down, and an error nobody hears ends the process.
    socket.on('error', (error) => failed('ECONNECTION', error.message));
    socket.once('close', () => failed('ECONNECTION', 'closed'));
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.removeAllListeners('timeout');
      resolve(socket);
    });
    if (this.#signal.aborted) socket.destroy();
    return promise;
  }

  [Symbol.dispose](): void {
    this.#signal.removeEventListener('abort', this.end);
  }
}

/** The same at each attempt but for the envelope: who has it already is not sent it again. */
function messageOf({ from, to: all, subject, text, html, messageId, headers }: FormedMail, to: readonly string[]) {
  const { references, ...others } = headers;
  const message = {
    ...{ from, to: [...all], subject, text, html, messageId, headers: others },
    envelope: { from, to: [...to] },
  };
  return references === undefined ? message : { ...message, references };
}

function cutShort(whole: Deadline): Answer {
  const text = whole.isLate ? 'everything together took too long' : 'it was given up';
  return answerOfProblem({ code: whole.isLate ? 'ETIMEDOUT' : 'EABORT', command: '', status: null, text });
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

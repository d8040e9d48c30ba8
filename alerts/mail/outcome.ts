import type { ErrorCode } from '../../core/runtime/error-catalogue.ts';
import type { Answer } from '../outbox/after-attempt.ts';

/** What a mail server said, or what went wrong on the way to it. */
export interface SmtpProblem {
  /** Of the library: ECONNECTION, ETIMEDOUT, ETLS, EAUTH, EENVELOPE, EMESSAGE and so on. */
  readonly code: string;
  /** What it answered to: CONN, EHLO, STARTTLS, AUTH PLAIN, MAIL FROM, RCPT TO, DATA; empty: nothing. */
  readonly command: string;
  /** Three digits (RFC 5321); null: no answer. */
  readonly status: number | null;
  readonly text: string;
}

/** One address that was not taken. */
export interface NotTaken {
  readonly address: string;
  readonly status: number | null;
  readonly text: string;
}

const detailMax = 1_000;
/** What it says of our log-in (RFC 4954) or of the conversation (503), and not of the mail. */
const settingsStatus: ReadonlySet<number> = new Set([503, 530, 534, 535, 538]);
const settingsCommand = /^(CONN|EHLO|HELO|LHLO|STARTTLS|AUTH)/;

/**
 * A mail of which nothing was taken. 4xx may pass. 5xx is for ever, but only where it speaks of the mail: a greeting, a
 * log-in or a certificate that is refused is the operator's to mend, and what waits must not be lost meanwhile.
 */
export function answerOfProblem({ code, command, status, text }: SmtpProblem): Answer {
  const detail = cut(`${code}${command === '' ? '' : ` (${command})`}: ${text}`);
  if (status === null) {
    // Too large for what the server says that it takes: known before it is sent.
    if (code === 'EMESSAGE') return answer('giveUp', null, 'FN_RECEIVER_REJECTED', detail);
    return answer('retry', null, 'FN_RECEIVER_AWAY', detail);
  }
  if (status < 500 || settingsStatus.has(status) || settingsCommand.test(command))
    return answer('retry', status, 'FN_RECEIVER_FAILING', detail);
  return answer('giveUp', status, 'FN_RECEIVER_REJECTED', detail);
}

export interface Taken {
  /** Addresses that have it, now or since an earlier attempt. */
  readonly taken: number;
  readonly notTaken: readonly NotTaken[];
  /** What the server said at the end; empty: nothing was sent. */
  readonly text: string;
}

/**
 * A mail to several addresses. While one of them may still take it (4xx) it is tried again, for that one alone. Those that
 * refuse it for ever are named, and the mail is delivered if anybody has it: an address that is no more holds up nobody.
 */
export function answerOfAddresses({ taken, notTaken, text }: Taken): Answer {
  const deferred = notTaken.filter(({ status }) => status === null || status < 500);
  const refused = notTaken.filter((each) => !deferred.includes(each));
  const detail = cut(
    [
      ...(text === '' ? [] : [text]),
      ...(notTaken.length === 0 ? [] : [`taken for ${taken} of ${taken + notTaken.length} addresses`]),
      ...deferred.map((each) => `may take it later: ${said(each)}`),
      ...refused.map((each) => `does not take it: ${said(each)}`),
    ].join('; '),
  );
  const [later] = deferred;
  if (later !== undefined) return answer('retry', later.status, 'FN_RECEIVER_FAILING', detail);
  if (taken === 0) return answer('giveUp', refused[0]?.status ?? null, 'FN_RECEIVER_REJECTED', detail);
  return answer('delivered', 250, '', detail);
}

function said({ address, text }: NotTaken): string {
  return `${address} (${text})`;
}

function cut(text: string): string {
  return text.length <= detailMax ? text : `${text.slice(0, detailMax - 1)}…`;
}

function answer(outcome: Answer['outcome'], status: number | null, code: ErrorCode | '', detail: string): Answer {
  return { outcome, status, code, detail, retryAfterMs: null };
}

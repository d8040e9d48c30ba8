import { describe, expect, test } from 'vitest';
import { answerOfAddresses, answerOfProblem } from '../../../../alerts/mail/outcome.ts';

describe('what a mail server says of a whole mail', () => {
  test.each([
    ['ECONNECTION', 'CONN', null, 'retry', 'FN_RECEIVER_AWAY'],
    ['ETLS', 'STARTTLS', null, 'retry', 'FN_RECEIVER_AWAY'],
    ['EPROTOCOL', 'CONN', 421, 'retry', 'FN_RECEIVER_FAILING'],
    // What it says of us can be mended, and what waits is not lost meanwhile.
    ['EPROTOCOL', 'CONN', 554, 'retry', 'FN_RECEIVER_FAILING'],
    ['EAUTH', 'AUTH PLAIN', 535, 'retry', 'FN_RECEIVER_FAILING'],
    ['EENVELOPE', 'MAIL FROM', 530, 'retry', 'FN_RECEIVER_FAILING'],
    ['EENVELOPE', 'MAIL FROM', 451, 'retry', 'FN_RECEIVER_FAILING'],
    ['EENVELOPE', 'MAIL FROM', 550, 'giveUp', 'FN_RECEIVER_REJECTED'],
    ['EMESSAGE', 'DATA', 452, 'retry', 'FN_RECEIVER_FAILING'],
    ['EMESSAGE', 'DATA', 552, 'giveUp', 'FN_RECEIVER_REJECTED'],
    ['EMESSAGE', 'MAIL FROM', null, 'giveUp', 'FN_RECEIVER_REJECTED'],
  ] as const)('%s at %s with %s: %s', (code, command, status, outcome, told) => {
    const answer = answerOfProblem({ code, command, status, text: 'because' });
    expect(answer).toEqual({
      outcome,
      status,
      code: told,
      detail: `${code} (${command}): because`,
      retryAfterMs: null,
    });
  });
});

describe('what it says of each address', () => {
  const later = { address: 'later@a.example', status: 451, text: '451 full' };
  const gone = { address: 'gone@a.example', status: 550, text: '550 nobody' };
  test.each([
    ['all have it', 2, [], 'delivered', '', '250 OK'],
    [
      ...(['one refuses it for ever', 1, [gone], 'delivered', ''] as const),
      '250 OK; taken for 1 of 2 addresses; does not take it: gone@a.example (550 nobody)',
    ],
    [
      ...(['one may take it later', 1, [gone, later], 'retry', 'FN_RECEIVER_FAILING'] as const),
      '250 OK; taken for 1 of 3 addresses; may take it later: later@a.example (451 full); does not take it: gone@a.example (550 nobody)',
    ],
    [
      ...(['nobody takes it', 0, [gone], 'giveUp', 'FN_RECEIVER_REJECTED'] as const),
      '250 OK; taken for 0 of 1 addresses; does not take it: gone@a.example (550 nobody)',
    ],
  ] as const)('%s', (_name, taken, notTaken, outcome, code, detail) => {
    expect(answerOfAddresses({ taken, notTaken, text: '250 OK' })).toMatchObject({ outcome, code, detail });
  });
});

import { expect, test } from 'vitest';
import { checkedMailServer, type MailServer } from '../../../../alerts/mail/mail-server.ts';

const server: MailServer = {
  ...{
    host: 'mail.example.net',
    port: 587,
    tls: 'starttls',
    user: 'u',
    password: 'p',
    from: 'f@example.net',
    ca: null,
  },
};

test.each([
  ['TLS anywhere', {}],
  ['in the clear on this machine', { host: '127.0.0.1', tls: 'none' }],
  ['in the clear in a private network, without a password', { host: '10.1.2.3', tls: 'none', user: '', password: '' }],
] as const)('taken: %s', (_name, over) => {
  expect(checkedMailServer({ ...server, ...over })).toEqual({ ...server, ...over });
});

test.each([
  ['a sender that is no address', { from: 'Ops <f@example.net>' }, /from: must be a bare address/],
  ['a second header in the sender', { from: 'f@example.net\r\nBcc: x@evil.example' }, /from:/],
  ['a user without a password', { password: '' }, /belong together/],
  ['two lines of a password', { password: 'p\r\nRSET' }, /one line each/],
  ['in the clear to anybody', { host: '192.0.2.1', tls: 'none', user: '', password: '' }, /tls: none is for/],
  ['in the clear to a name', { tls: 'none', user: '', password: '' }, /tls: none is for/],
  ['in the clear to a metadata service', { host: '169.254.169.254', tls: 'none', user: '', password: '' }, /tls: none/],
  ['a password in the clear', { host: '10.1.2.3', tls: 'none' }, /a password is not sent in the clear/],
  ['an authority that is none', { ca: 'no PEM' }, /caFile: has no certificate/],
  [
    'an authority that cannot be read',
    { ca: '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----' },
    /caFile: has no certificate/,
  ],
] as const)('refused, and said where: %s', (_name, over, why) => {
  expect(() => checkedMailServer({ ...server, ...over })).toThrow(
    expect.objectContaining({ code: 'FN_CONFIG', message: expect.stringMatching(why) }),
  );
});

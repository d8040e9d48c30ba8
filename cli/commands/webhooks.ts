import { Command, InvalidArgumentError, Option } from 'commander';
import { parseVerifyingKey, type VerifyingKey } from '../../alerts/signature/key.ts';
import {
  type ReceivedWebhook,
  toleranceSecondsDefault,
  type Verification,
  verifyWebhook,
} from '../../alerts/signature/verify.ts';
import { FourninesError } from '../../core/runtime/error.ts';
import { printable } from '../../server/slo/printable.ts';
import { type CapturedRequest, parseCapturedRequest } from '../captured-request.ts';
import { instantOf, jsonOption } from '../options.ts';
import { readBounded } from '../read-bounded.ts';
import { newKeyCommand, testSendCommand } from './receiver-verbs.ts';

interface VerifyOptions {
  readonly key: readonly string[];
  readonly tolerance: number;
  readonly at?: string;
  readonly json?: boolean;
}

const requestBytesMax = 16 << 20;
const keyFileBytesMax = 65_536;
const keysMax = 16;

export function webhooksCommand(): Command {
  const verify = new Command('verify')
    .description('check a captured webhook: whose key signed it, and whether it is unchanged and of its time')
    .argument('<request>', 'file with header lines, an empty line and the exact bytes of the body; - for stdin')
    .addOption(
      new Option('--key <file>', 'file with keys, one a line (whsec_, whpk_, whsk_); - for stdin; may be repeated')
        .argParser((file: string, others: readonly string[] = []) => [...others, file])
        .makeOptionMandatory(),
    )
    .option(
      '--tolerance <seconds>',
      'how far the time of the request may be off, to both sides',
      parseTolerance,
      toleranceSecondsDefault,
    )
    .option('--at <instant>', 'when it came, RFC 3339 in UTC; default: now')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExit codes: 0 it is genuine; 1 it is not, or not of its time (which, and why); 2 bad input.\n' +
        'Keys are read from files or stdin only: what stands on a command line, others can see.',
    )
    .action(verifyCaptured);
  return new Command('webhooks')
    .description('what is sent to receivers: see docs/webhooks.md')
    .addCommand(verify)
    .addCommand(newKeyCommand())
    .addCommand(testSendCommand());
}

function parseTolerance(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It is a whole number of seconds.');
  return Number(text);
}

function verifyCaptured(path: string, options: VerifyOptions): void {
  if ([path, ...options.key].filter((each) => each === '-').length > 1) {
    throw new FourninesError('FN_USAGE', 'stdin can be the request or the keys, not both');
  }
  const nowSeconds = options.at === undefined ? Math.floor(Date.now() / 1000) : instantOf(options.at, '--at');
  const keys = options.key.flatMap(readKeys);
  if (keys.length > keysMax) throw new FourninesError('FN_USAGE', `${keys.length} keys are more than ${keysMax}`);
  const request = parseCapturedRequest(readBounded(path, requestBytesMax));
  const verification = verdictOf(
    request,
    keys.map(({ key }) => key),
    {
      nowSeconds,
      toleranceSeconds: options.tolerance,
    },
  );
  const where = keys.find(({ key }) => key.id === verification.keyId)?.where ?? null;
  process.stdout.write(options.json ? jsonOf(request, verification, where) : textOf(request, verification, where));
  if (!verification.valid) process.exitCode = 1;
}

type Verdict = Verification | (Omit<Extract<Verification, { valid: false }>, 'reason'> & { reason: 'doubled_header' });

/** A header that came twice is refused before anything is checked: each program on the way may have read another one. */
function verdictOf(
  { headers, body }: CapturedRequest,
  keys: readonly VerifyingKey[],
  options: { readonly nowSeconds: number; readonly toleranceSeconds: number },
): Verdict {
  const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature', 'content-length'];
  const doubled = names.find((name) => (headers.get(name)?.length ?? 0) > 1);
  if (doubled !== undefined) {
    const message = `the header ${doubled} is there ${headers.get(doubled)?.length} times`;
    return { valid: false, reason: 'doubled_header', message, keyId: null, ageSeconds: null };
  }
  const received: ReceivedWebhook = { ...signedPart(headers), body };
  const verification = verifyWebhook(received, keys, options);
  const told = headers.get('content-length')?.[0];
  if (verification.valid || verification.reason !== 'no_match' || told === undefined || told === String(body.length)) {
    return verification;
  }
  const message = `its body has been changed: Content-Length says ${told}, and ${body.length} bytes are there`;
  return { ...verification, reason: 'body_changed', message };
}

function signedPart(headers: CapturedRequest['headers']): Omit<ReceivedWebhook, 'body'> {
  return {
    id: headers.get('webhook-id')?.[0],
    timestamp: headers.get('webhook-timestamp')?.[0],
    signature: headers.get('webhook-signature')?.[0],
  };
}

function jsonOf({ headers, body }: CapturedRequest, verification: Verdict, keyFrom: string | null): string {
  const { id = null, timestamp = null } = signedPart(headers);
  return `${JSON.stringify({ ...verification, keyFrom, id, timestamp, bodyBytes: body.length })}\n`;
}

function textOf({ headers }: CapturedRequest, verification: Verdict, keyFrom: string | null): string {
  const id = headers.get('webhook-id')?.[0];
  const what = id === undefined ? 'the request' : `webhook ${shown(id)}`;
  const key = keyFrom === null ? '' : ` (key ${verification.keyId}, ${shown(keyFrom)})`;
  if (verification.valid) {
    const scheme = verification.scheme === 'v1' ? 'HMAC-SHA256' : 'Ed25519';
    return `${what} is genuine: ${scheme}${key}, ${verification.ageSeconds} s old\n`;
  }
  const late = verification.reason === 'too_old' || verification.reason === 'too_new';
  const hint = late ? '  If it was captured then, say when it came with --at.\n' : '';
  return `${what} IS REFUSED: ${verification.message}${key} (${verification.reason})\n${hint}`;
}

const shownLengthMax = 200;

/** What came from outside, as it may go to a terminal. */
function shown(text: string): string {
  return printable(text.slice(0, shownLengthMax));
}

function readKeys(path: string): { readonly key: VerifyingKey; readonly where: string }[] {
  const lines = Buffer.from(readBounded(path, keyFileBytesMax)).toString('utf8').split(/\r?\n/);
  const keys = lines.flatMap((line, i) => {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) return [];
    const where = `${path === '-' ? 'stdin' : path} line ${i + 1}`;
    return [{ key: keyOf(text, where), where }];
  });
  if (keys.length > 0) return keys;
  throw new FourninesError('FN_USAGE', `${path === '-' ? 'stdin' : path} has no key`);
}

function keyOf(text: string, where: string): VerifyingKey {
  try {
    return parseVerifyingKey(text);
  } catch (error) {
    if (!(error instanceof FourninesError)) throw error;
    throw new FourninesError(error.code, `${where}: ${error.message}`, { hint: error.hint, cause: error });
  }
}

import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { systemCode } from '../../core/runtime/error.ts';
import { excerptMaxBytes, excerptOf } from './excerpt.ts';
import { type Answered, type Failure, fail } from './result.ts';
import { retryAfterMs } from './retry-after.ts';

export interface OutgoingRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface ExchangeBounds {
  readonly headerBytes: number;
  /** What is read of a body; the rest is left. */
  readonly responseBytes: number;
  /** For the head of the answer, from the first byte sent. */
  readonly answerMs: number;
}

/** Interim answers (1xx) that are listened to. */
const interimMax = 8;

/** One request and its answer over a connection of its own, which is closed at the end whatever happened. */
export function exchange(
  socket: Socket,
  outgoing: OutgoingRequest,
  bounds: ExchangeBounds,
  nowMs: () => number,
  signal: AbortSignal,
): Promise<Answered | Failure> {
  const { promise, resolve } = Promise.withResolvers<Answered | Failure>();
  // Without an agent there is no pool, no proxy of the environment, and no second request on this connection.
  const request = httpRequest({
    method: 'POST',
    path: outgoing.path,
    headers: outgoing.headers,
    setHost: false,
    createConnection: () => socket,
    maxHeaderSize: bounds.headerBytes,
    insecureHTTPParser: false,
  });
  const late = setTimeout(() => settle(fail('answer-timeout', 'no head of an answer in time')), bounds.answerMs);
  const onEnd = () => settle(fail('cancelled', 'it was given up'));
  const settle = (end: Answered | Failure) => {
    clearTimeout(late);
    signal.removeEventListener('abort', onEnd);
    resolve(end);
    request.destroy();
    socket.destroy();
  };
  let interim = 0;
  request.on('information', () => {
    interim++;
    if (interim > interimMax) settle(fail('protocol', `more than ${interimMax} interim answers`));
  });
  const onClose = () => settle(fail('reset', 'the connection ended without an answer'));
  let hasHead = false;
  request.on('response', (response) => {
    hasHead = true;
    clearTimeout(late);
    // From here on the answer itself says how it ended; the request may be closed before the last of it is read.
    request.off('close', onClose);
    readAnswer(response, bounds, nowMs, settle);
  });
  request.on('error', (error) => {
    if (!hasHead || isOfParser(error)) settle(failureOf(error));
  });
  request.on('close', onClose);
  if (signal.aborted) onEnd();
  else signal.addEventListener('abort', onEnd, { once: true });
  if (!request.destroyed) request.end(outgoing.body);
  return promise;
}

function readAnswer(
  response: IncomingMessage,
  bounds: ExchangeBounds,
  nowMs: () => number,
  settle: (end: Answered | Failure) => void,
): void {
  const kept: Buffer[] = [];
  let keptBytes = 0;
  let bodyBytes = 0;
  const answer = (bodyIsCut: boolean): Answered => ({
    kind: 'answered',
    status: response.statusCode ?? 0,
    retryAfterMs: retryAfterMs(response.headers['retry-after'], nowMs()),
    excerpt: excerptOf(Buffer.concat(kept)),
    bodyBytes,
    bodyIsCut,
  });
  response.on('data', (chunk: Buffer) => {
    if (keptBytes < excerptMaxBytes) {
      kept.push(chunk.subarray(0, excerptMaxBytes - keptBytes));
      keptBytes += chunk.length;
    }
    bodyBytes += chunk.length;
    // What it says is known; that it does not stop saying it changes nothing.
    if (bodyBytes > bounds.responseBytes) settle(answer(true));
  });
  response.on('end', () => settle(response.complete ? answer(false) : bodyCut(response)));
  response.on('error', () => settle(bodyCut(response)));
  response.on('close', () => settle(bodyCut(response)));
}

function bodyCut(response: IncomingMessage): Failure {
  return fail('body-cut', `status ${response.statusCode}, and then the answer ended in the middle`);
}

function isOfParser(error: unknown): boolean {
  return systemCode(error)?.startsWith('HPE_') === true;
}

/** Which failure an error of a connection or of the HTTP parser is. */
function failureOf(error: unknown): Failure {
  const code = systemCode(error) ?? 'failed';
  if (code === 'HPE_HEADER_OVERFLOW') return fail('header-size', 'the head of the answer is too long');
  if (isOfParser(error)) return fail('protocol', `the answer is not HTTP (${code})`);
  if (/^ERR_(SSL|TLS)_/.test(code)) return fail('tls', `TLS: ${code}`);
  return fail('reset', `the connection ended without an answer (${code})`);
}

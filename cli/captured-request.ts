import { FourninesError } from '../core/runtime/error.ts';

/** An HTTP request as it was written down: names in lower case, values as they came, the body to the byte. */
export interface CapturedRequest {
  /** Every value of a header, in order: one that came twice is nobody's to merge. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Uint8Array;
}

const headBytesMax = 65_536;
const headerLinesMax = 200;
const requestLine = /^[A-Z]{1,20} \S+ HTTP\/\d(\.\d)?$/;
/** A token of RFC 9110. */
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** What a value may not hold: control characters, but for tabs. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const forbiddenInValue = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/** Reads a request line (or none), headers, an empty line and the body; lines end with CR LF or LF. */
export function parseCapturedRequest(bytes: Uint8Array): CapturedRequest {
  const { head, body } = parted(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const lines = head.split(/\r?\n/);
  if (requestLine.test(lines[0] ?? '')) lines.shift();
  if (lines.length > headerLinesMax) throw refused(`it has ${lines.length} header lines, more than ${headerLinesMax}`);
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).toLowerCase();
    const value = line.slice(colon + 1);
    if (!headerName.test(name) || forbiddenInValue.test(value)) {
      throw refused(`${JSON.stringify(line.slice(0, 60))} is no header`);
    }
    headers.set(name, [...(headers.get(name) ?? []), value.trim()]);
  }
  const coding = headers.get('transfer-encoding')?.at(-1)?.toLowerCase();
  if (
    coding?.includes('chunked') === true &&
    /^[0-9a-f]+(;[^\r\n]*)?\r?\n/i.test(body.subarray(0, 80).toString('latin1'))
  ) {
    throw refused('its body is written down in chunks (Transfer-Encoding: chunked); write down what they hold');
  }
  return { headers, body };
}

function parted(bytes: Buffer): { head: string; body: Buffer } {
  // Latin-1 has a character for each byte, so places in the text are places in the bytes.
  const start = bytes.subarray(0, headBytesMax).toString('latin1');
  const end = /\r?\n\r?\n/.exec(start);
  if (end !== null) return { head: start.slice(0, end.index), body: bytes.subarray(end.index + end[0].length) };
  throw refused(
    bytes.length > headBytesMax
      ? `no empty line ends its headers within ${headBytesMax} bytes`
      : 'no empty line ends its headers',
  );
}

function refused(what: string): FourninesError {
  return new FourninesError('FN_USAGE', `that is no captured request: ${what}`, {
    hint: 'It is a file of header lines, an empty line, and the bytes of the body; a request line may come first.',
  });
}

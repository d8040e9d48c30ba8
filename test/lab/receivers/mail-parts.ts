/** A mail as it arrived, read as a mail program reads it. */
export interface MailParts {
  /** Names in lower case; of one that comes twice the first. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly html: string;
}

/** Reads a mail whose body is text and HTML (RFC 2045 to 2047, as far as ours go). */
export function readMail(source: string): MailParts {
  const whole = entityOf(source.replaceAll('\r\n', '\n'));
  const boundary = /boundary="([^"]+)"/.exec(whole.headers['content-type'] ?? '')?.[1];
  if (boundary === undefined) throw new Error(`the mail has no parts: ${whole.headers['content-type']}`);
  const parts = whole.body
    .split(`\n--${boundary}`)
    .slice(1, -1)
    .map((part) => entityOf(part.replace(/^\n/, '')));
  // The first one follows what stands before all parts, which is empty.
  const [first] = whole.body.split(`\n--${boundary}`, 1);
  if (first?.startsWith(`--${boundary}\n`)) parts.unshift(entityOf(first.slice(boundary.length + 3)));
  const bodyOf = (type: string) => {
    const part = parts.find(({ headers }) => headers['content-type']?.startsWith(type));
    if (part === undefined) throw new Error(`the mail has no part ${type}`);
    return decoded(part.body, part.headers['content-transfer-encoding'] ?? '7bit');
  };
  return { headers: whole.headers, text: bodyOf('text/plain'), html: bodyOf('text/html') };
}

function entityOf(source: string): { readonly headers: Readonly<Record<string, string>>; readonly body: string } {
  const end = source.indexOf('\n\n');
  const lines = source
    .slice(0, end)
    .replaceAll(/\n[ \t]+/g, ' ')
    .split('\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const [, name = '', value = ''] = /^([!-9;-~]+):\s*(.*)$/s.exec(line) ?? [];
    headers[name.toLowerCase()] ??= words(value);
  }
  return { headers, body: source.slice(end + 2) };
}

/** RFC 2047: words beyond ASCII; white space between two of them is none. */
function words(value: string): string {
  return value
    .replaceAll(/\?=\s+=\?/g, '?==?')
    .replaceAll(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_all, how: string, text: string) =>
      how.toLowerCase() === 'b' ? Buffer.from(text, 'base64').toString('utf8') : quoted(text.replaceAll('_', ' ')),
    );
}

function decoded(body: string, encoding: string): string {
  switch (encoding.toLowerCase()) {
    case 'base64':
      return Buffer.from(body, 'base64').toString('utf8');
    case 'quoted-printable':
      return quoted(body.replaceAll('=\n', ''));
    default:
      return body;
  }
}

function quoted(text: string): string {
  const bytes = text.replaceAll(/=([0-9A-F]{2})/gi, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  // What is not quoted is ASCII.
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

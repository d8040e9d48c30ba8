import { type Refusal, refuse } from './result.ts';

/** Names that a request to a receiver may have; the operator may add others. */
const vetted = new Set([
  'accept',
  'authorization',
  'content-type',
  'user-agent',
  'webhook-id',
  'webhook-signature',
  'webhook-timestamp',
]);
/** Attributes of CloudEvents, in their binary form. */
const vettedPrefix = 'ce-';

/** What decides where a request goes, where it ends, or who sent it: ours alone. */
const never = new Set(
  `accept-encoding connection content-length cookie expect forwarded host keep-alive metadata-flavor te trailer transfer-encoding
  upgrade via x-real-ip`.split(/\s+/),
);
const neverPrefix = /^(proxy|x-forwarded|x-original|x-rewrite|x-aws|x-google)-/;
/** RFC 9110, section 5.6.2. */
const token = /^[!#$%&'*+.^_`|~0-9a-z-]{1,64}$/;
/** Printable ASCII: no end of a line, nothing that a receiver reads in another character set. */
const value = /^[\x20-\x7e]*$/;
const headersMax = 32;
const headerBytesMax = 8192;

/** Whether a name can be on nobody's list. */
export function isNeverAHeader(name: string): boolean {
  const lower = name.toLowerCase();
  return !token.test(lower) || never.has(lower) || neverPrefix.test(lower);
}

export interface VettedHeaders {
  readonly kind: 'vetted';
  readonly headers: Readonly<Record<string, string>>;
}

/** The headers in lower case, or why they are not sent. Values are not told: they may be secrets. */
export function vetHeaders(
  headers: Readonly<Record<string, string>>,
  added: ReadonlySet<string>,
): VettedHeaders | Refusal {
  const entries = Object.entries(headers).map(([name, text]) => [name.toLowerCase(), text] as const);
  if (entries.length > headersMax) return refuse('header', `more than ${headersMax} headers`);
  const seen = new Set<string>();
  let bytes = 0;
  for (const [name, text] of entries) {
    const isVetted = vetted.has(name) || name.startsWith(vettedPrefix) || added.has(name);
    if (isNeverAHeader(name) || !isVetted) return refuse('header', `header ${JSON.stringify(name)} is not sent`);
    if (seen.has(name)) return refuse('header', `header ${name} is there twice`);
    if (!value.test(text)) return refuse('header', `header ${name} has a character that is not printable ASCII`);
    seen.add(name);
    bytes += name.length + text.length + 4;
  }
  if (bytes > headerBytesMax) return refuse('header', `headers are longer than ${headerBytesMax} bytes`);
  return { kind: 'vetted', headers: Object.fromEntries(entries) };
}

import { FourninesError } from '../../core/runtime/error.ts';
import type { KeptDocument } from '../control/alerting-store.ts';
import { readYaml, type YamlValue } from '../openslo/yaml-source.ts';
import type { RequestReceiver } from './alerting.ts';
import type { SealKey } from './sealed.ts';

const mark = 'sealed:';
/** Parts of an address that are no shorter could be its secret. */
const pieceLengthMin = 6;
const goneText = '(not shown)';

/**
 * Whoever has such an address can post there, or has what it is asked with: Slack knows senders by nothing else, and a query is
 * where keys stand. Other addresses are good for nothing without a signature, and people want to read them.
 */
export function isSecretUrl({ channel, url }: Pick<RequestReceiver, 'channel' | 'url'>): boolean {
  return channel === 'slack' || url.includes('?');
}

/** What stands in a document instead of a secret, with where it leads: `sealed:https://hooks.slack.com`. */
export function isSealedMark(url: string): boolean {
  return url.startsWith(mark);
}

/**
 * The document with marks for secrets, and the secrets sealed. A mark keeps what `before` has of that receiver, and so does the
 * same address, so that a document that is applied again is the same. The document was read already. FN_ALERTING_FILE: a mark
 * of nothing; FN_SECRET_SEALED: what it keeps does not open.
 */
export function sealedDocument(
  text: string,
  before: Readonly<Record<string, string>>,
  sealKey: () => SealKey,
): KeptDocument {
  const sealed: Record<string, string> = {};
  const secrets = secretsIn(text);
  for (const { name, url, at } of secrets) {
    const kept = Object.hasOwn(before, name) ? before[name] : undefined;
    if (isSealedMark(url)) {
      if (kept === undefined) return at.fail(`nothing is sealed for ${name}`, 'Write the address itself.');
      const present = markOf(openedUrl(name, before, sealKey));
      if (url !== present) at.fail(`must be ${present}, or the address itself`);
      sealed[name] = kept;
    } else {
      const isSame = kept !== undefined && opens(name, kept, sealKey) === url;
      sealed[name] = isSame ? kept : sealKey().seal(url, aboutOf(name));
    }
  }
  const document = marked(text, secrets);
  for (const { url, at } of secrets) {
    if (document.includes(url) && !isSealedMark(url))
      at.fail('stands a second time in the document, where it would be read');
  }
  return { document, sealed };
}

/** A document as people may see it: one that was kept before addresses were sealed is shown with marks as well. */
export function shownDocument(text: string): string {
  return marked(text, secretsIn(text));
}

/** FN_SECRET_SEALED: it does not open, or is not there. */
export function openedUrl(name: string, sealed: Readonly<Record<string, string>>, sealKey: () => SealKey): string {
  const kept = Object.hasOwn(sealed, name) ? sealed[name] : undefined;
  if (kept === undefined) throw new FourninesError('FN_SECRET_SEALED', `no address of ${name} is sealed`);
  return sealKey().open(kept, aboutOf(name));
}

/** What a stranger wrote, without what gives the address away: it may repeat it whole, in parts, or up to where it was cut. */
export function withoutUrl(said: string, url: string): string {
  const { pathname, search } = new URL(url);
  const parts = `${pathname}${search}`.split(/[/?&=]/).filter(({ length }) => length >= pieceLengthMin);
  const pieces = [url, `${pathname}${search}`, ...parts, ...parts.map(decoded)].filter(
    ({ length }) => length >= pieceLengthMin,
  );
  const whole = pieces.reduce((text, piece) => text.replaceAll(piece, goneText), said);
  return pieces.reduce(withoutTail, whole);
}

/** The beginning of a piece at the very end was cut there. */
function withoutTail(said: string, piece: string): string {
  for (let length = piece.length - 1; length >= pieceLengthMin; length--) {
    if (said.endsWith(piece.slice(0, length))) return `${said.slice(0, -length)}${goneText}`;
  }
  return said;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

interface Secret {
  readonly name: string;
  readonly url: string;
  readonly at: YamlValue;
}

function secretsIn(text: string): readonly Secret[] {
  const spec = readYaml('alerting', text, 'FN_ALERTING_FILE').entries().get('spec');
  const receivers = spec?.entries().get('receivers')?.list() ?? [];
  return receivers.flatMap((receiver) => {
    const own = receiver.entries();
    const [name, channel, at] = [own.get('name'), own.get('channel'), own.get('url')];
    if (name === undefined || channel === undefined || at === undefined) return [];
    const url = at.text();
    const isSecret = isSealedMark(url) || isSecretUrl({ channel: channel.text() as RequestReceiver['channel'], url });
    return isSecret ? [{ name: name.text(), url, at }] : [];
  });
}

/** From the last to the first, so that those before stay where they are. In JSON's quotes it is YAML wherever it stands. */
function marked(text: string, secrets: readonly Secret[]): string {
  return secrets.toReversed().reduce((document, { url, at }) => {
    if (isSealedMark(url)) return document;
    const [from, to] = at.span;
    return `${document.slice(0, from)}${JSON.stringify(markOf(url))}${document.slice(to)}`;
  }, text);
}

function markOf(url: string): string {
  return `${mark}${new URL(url).origin}`;
}

function opens(name: string, kept: string, sealKey: () => SealKey): string | undefined {
  try {
    return sealKey().open(kept, aboutOf(name));
  } catch {
    return undefined;
  }
}

function aboutOf(receiver: string): string {
  return JSON.stringify(['receiver url', receiver]);
}

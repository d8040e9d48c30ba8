import type { Channel, FormContext, FormedRequest } from '../../channel.ts';
import { cutText } from '../../content/cut-text.ts';
import { type MessageLink, messageWithin } from '../../content/message.ts';
import type { Notification } from '../../notification.ts';

/** Slack's limits: of a header, of a section's text, and of what all blocks hold together (about 13,000, told by nobody). */
const headerLengthMax = 150;
const sectionLengthMax = 3_000;
const blocksTextMax = 9_000;
/** Of the text beside the blocks, for notices and for programs that know no blocks (Mattermost, Rocket.Chat). */
const fallbackLengthMax = 3_900;
const alertsListedMax = 5;

interface TextObject {
  readonly type: 'plain_text' | 'mrkdwn';
  readonly text: string;
  readonly emoji?: false;
  readonly verbatim?: true;
}

interface Block {
  readonly type: 'header' | 'section';
  readonly text: TextObject;
}

/** JSON of Slack's incoming webhooks. Values are plain text there, so that none of them can mention, link or format. */
export const slack = {
  signs: 'never',
  form(notification: Notification, context: FormContext): FormedRequest {
    const message = messageWithin(notification, context, {
      listedMax: alertsListedMax,
      lengthMax: blocksTextMax,
      lengthOf: (text) => escaped(text).length,
    });
    const blocks: Block[] = [
      { type: 'header', text: plain(cutEscaped(message.title, headerLengthMax)) },
      ...sections(message.text).map((text): Block => ({ type: 'section', text: plain(text) })),
      { type: 'section', text: { type: 'mrkdwn', text: linkLines(message.links), verbatim: true } },
    ];
    const text = cutEscaped(`${message.title}\n\n${message.text}`, fallbackLengthMax);
    // Nobody's name shall be rung by a value: what knows no blocks may look for @names in the text.
    const body = { text: text.replaceAll('@', '@\u200b'), mrkdwn: false, blocks };
    return {
      kind: 'request',
      method: 'POST',
      pathSuffix: '',
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(body)),
      notices: message.notices,
    };
  },
} as const satisfies Channel;

function plain(text: string): TextObject {
  return { type: 'plain_text', text, emoji: false };
}

/** The three characters that Slack reads as its own. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Escaped text of at most `max` characters; an entity is never cut in half. */
function cutEscaped(text: string, max: number): string {
  let cut = text;
  while (escaped(cut).length > max) cut = cutText(cut, cut.length - Math.max(1, Math.floor((cut.length - max) / 2)));
  return escaped(cut);
}

/** Whole lines, as many as go into a section, escaped. */
function sections(text: string): string[] {
  const found: string[] = [];
  let current = '';
  for (const line of text.split('\n').map((each) => cutEscaped(each, sectionLengthMax))) {
    const longer = current === '' ? line : `${current}\n${line}`;
    if (longer.length <= sectionLengthMax) {
      current = longer;
      continue;
    }
    found.push(current);
    current = line;
  }
  return [...found, current].filter((each) => each.trim() !== '');
}

const linksLengthMax = 3_000;

function linkLines(links: readonly MessageLink[]): string {
  let lines = '';
  for (const { label, url } of links) {
    // In <url|label> a bar ends the address; the label's own would end nothing.
    const line = `<${escaped(url.replaceAll('|', '%7C'))}|${escaped(label)}>`;
    if (lines.length + line.length + 1 > linksLengthMax) break;
    lines += lines === '' ? line : `\n${line}`;
  }
  return lines;
}

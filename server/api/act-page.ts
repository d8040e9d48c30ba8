import { createHash } from 'node:crypto';
import { escapeHtml } from '../../alerts/content/escape-html.ts';
import type { LinkAct } from '../alerts/act-links.ts';

/** A page of words, and a form where there is something to do. Without scripts, and nothing from elsewhere. */
export interface ActPage {
  readonly title: string;
  readonly lines: readonly string[];
  readonly form?: LinkAct;
}

/** Names and remarks that people type, in characters. */
export const whoLengthMax = 100;
export const commentLengthMax = 2_000;
export const silenceHours = [1, 4, 24, 72] as const;

const style =
  'body{font-family:sans-serif;line-height:1.5;max-width:40em;margin:2em auto;padding:0 1em}' +
  'label{display:block;margin-top:1em}input,textarea,select,button{font:inherit;padding:.4em;max-width:100%}' +
  'button{margin-top:1.5em}@media(prefers-color-scheme:dark){body{background:#111;color:#eee}a{color:#9cf}}';
const styleHash = createHash('sha256').update(style).digest('base64');

/** What a browser may do with such a page: show it, and send its form back. */
export const actPageHeaders = {
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-robots-tag': 'noindex',
} as const;

export function actPageHtml({ title, lines, form }: ActPage): string {
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeHtml(title)}</title><style>${style}</style></head>`,
    `<body><main><h1>${escapeHtml(title)}</h1>`,
    ...lines.map((line) => `<p>${escapeHtml(line)}</p>`),
    ...(form === undefined ? [] : [formHtml(form)]),
    '</main></body></html>',
    '',
  ].join('\n');
}

/** It goes to its own address. */
function formHtml(act: LinkAct): string {
  const hours = silenceHours.map((each) => `<option value="${each}">${each} ${each === 1 ? 'hour' : 'hours'}</option>`);
  return [
    '<form method="post">',
    '<label for="who">Your name</label>',
    `<input id="who" name="who" required maxlength="${whoLengthMax}" autocomplete="name">`,
    ...(act === 'silence'
      ? ['<label for="hours">For how long</label>', `<select id="hours" name="hours">${hours.join('')}</select>`]
      : []),
    `<label for="comment">${act === 'silence' ? 'Why' : 'Anything to say (may be empty)'}</label>`,
    `<textarea id="comment" name="comment" rows="3" cols="40" maxlength="${commentLengthMax}"${act === 'silence' ? ' required' : ''}></textarea>`,
    `<div><button type="submit">${act === 'silence' ? 'Be quiet about it' : 'I take care of it'}</button></div>`,
    '</form>',
  ].join('\n');
}

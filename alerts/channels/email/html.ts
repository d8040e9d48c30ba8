import { escapeHtml } from '../../content/escape-html.ts';
import type { Message } from '../../content/message.ts';

/**
 * The text as HTML: nothing is said by colour or place alone. Only links below the product's own address become links, so
 * that no value can lead a reader elsewhere.
 */
export function htmlOf({ title, text, links, language, address }: Message, footer: string): string {
  const paragraphs = text.split(/\n{2,}/).map((paragraph) => `<p>${linesOf(paragraph, address.url)}</p>`);
  const list = links.map(({ label, url }) => `<li>${linkOf(url, label)}</li>`);
  return [
    `<!doctype html><html lang="${escapeHtml(language)}"><head><meta charset="utf-8">`,
    `<title>${escapeHtml(title)}</title></head>`,
    '<body style="font-family:sans-serif;line-height:1.5">',
    `<h1 style="font-size:1.2em">${escapeHtml(title)}</h1>`,
    ...paragraphs,
    `<ul>${list.join('')}</ul>`,
    `<p><small>${escapeHtml(footer)}</small></p>`,
    '</body></html>',
    '',
  ].join('\n');
}

function linesOf(paragraph: string, base: string): string {
  return paragraph
    .split('\n')
    .map((line) => withLinks(line, base))
    .join('<br>\n');
}

/** Splits at what looks like an address: each second piece is one. */
function withLinks(line: string, base: string): string {
  return line
    .split(/(https?:\/\/[^\s<>"]+)/)
    .map((piece, i) => (i % 2 === 1 && piece.startsWith(base) ? linkOf(piece, piece) : escapeHtml(piece)))
    .join('');
}

function linkOf(url: string, label: string): string {
  return `<a href="${escapeHtml(url)}">${escapeHtml(label)}</a>`;
}

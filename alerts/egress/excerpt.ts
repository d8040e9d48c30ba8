/** What is kept of an answer for the delivery log. */
export const excerptMaxBytes = 4096;

/** Control, format (such as right-to-left marks), private and unassigned characters; separators of lines and paragraphs. */
const unprintable = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;

/** The beginning of a body as one line of text that a log, a terminal and a page can show. It is still what a stranger wrote. */
export function excerptOf(body: Uint8Array): string {
  const text = new TextDecoder('utf-8').decode(body.subarray(0, excerptMaxBytes));
  return text
    .replaceAll(/[\r\n\t]+/g, ' ')
    .replaceAll(unprintable, '\uFFFD')
    .trim();
}

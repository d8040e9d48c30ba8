/** Names as the addon gives them: one string, each followed by a NUL. */
export function splitNames(text: string): string[] {
  const names = text.split('\0');
  // What follows the last NUL: nothing.
  names.pop();
  return names;
}

/** Of fewer values a line would be a slope that nobody measured. */
const knownMin = 5;

/** From zero; runs of known values are drawn apart from each other. Empty until there is enough to see. */
export function sparklinePath(values: readonly (number | null)[], width: number, height: number): string {
  if (values.filter((value) => value !== null).length < knownMin) return '';
  const most = values.reduce<number>((a, b) => Math.max(a, b ?? 0), 0) || 1;
  const dx = values.length > 1 ? width / (values.length - 1) : width;
  let pen = 'M';
  const parts: string[] = [];
  values.forEach((value, i) => {
    if (value === null) {
      pen = 'M';
      return;
    }
    const y = height - 1 - (value / most) * (height - 2);
    parts.push(`${pen}${(i * dx).toFixed(1)} ${y.toFixed(1)}`);
    // A lone value between gaps is a dot.
    if (pen === 'M') parts.push('h0.01');
    pen = 'L';
  });
  return parts.join('');
}

import { LabError } from '../../test/lab/lab-error.ts';

/** An option of the command line that is a whole number from `least` to `most`. */
export function wholeOption(name: string, text: string, least: number, most: number): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new LabError(2, `--${name} is a whole number from ${least} to ${most}`, { hint: 'See the head of the bench.' });
}

import { stringify } from 'yaml';

/** A number as it stands in a file: no float has touched it. */
export class Digits {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What a document holds. */
export type Plain = string | boolean | null | Digits | readonly Plain[] | { readonly [key: string]: Plain };

const digitsTag = {
  tag: 'tag:yaml.org,2002:float',
  default: true as const,
  identify: (value: unknown) => value instanceof Digits,
  // Texts that look like a number are put in quotes.
  test: /^[-+]?(\.?\d|\.(inf|nan))/i,
  resolve: (text: string) => new Digits(text),
  stringify: ({ value }: { value: unknown }) => (value as Digits).text,
};

/** A document as text, in the order of its keys, numbers as their digits. */
export function yamlText(document: Plain): string {
  return stringify(document, { customTags: [digitsTag], lineWidth: 120, aliasDuplicateObjects: false });
}

/** Keys as people expect them; all others come after, by the alphabet. */
const order = [
  ...[
    'apiVersion',
    'kind',
    'metadata',
    'spec',
    'name',
    'displayName',
    'labels',
    'annotations',
    'description',
    'service',
  ],
  ...['indicator', 'thresholdMetric', 'metricSource', 'sli', 'ports', 'lossRatioMax', 'run', 'timeWindow'],
  ...['duration', 'isRolling', 'calendar', 'startTime', 'timeZone', 'budgetingMethod', 'objectives', 'target'],
];
const places = new Map(order.map((key, i) => [key, i]));

/** The same document, its keys in one order whoever wrote it. */
export function inOrder(value: Plain): Plain {
  if (isList(value)) return value.map(inOrder);
  if (!isMapping(value)) return value;
  const place = (key: string) => places.get(key) ?? order.length;
  const keys = Object.keys(value).sort((a, b) => place(a) - place(b) || (a < b ? -1 : 1));
  return Object.fromEntries(keys.map((key) => [key, inOrder(value[key] ?? null)]));
}

export function isList(value: Plain | undefined): value is readonly Plain[] {
  return Array.isArray(value);
}

export function isMapping(value: Plain | undefined): value is { readonly [key: string]: Plain } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Digits);
}

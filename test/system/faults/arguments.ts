import { parseArgs } from 'node:util';

export interface FaultArguments {
  readonly suite: string;
  readonly rounds: number;
  readonly seed: number;
  /** Takes the faults whose name has this in it. */
  readonly only: string;
  readonly json: boolean;
}

/** What `npm run test:faults` was called with. */
export function faultArguments(): FaultArguments {
  const { values } = parseArgs({
    options: {
      suite: { type: 'string', default: 'ingest' },
      rounds: { type: 'string', default: '200' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string', default: '' },
      json: { type: 'boolean', default: false },
    },
  });
  return { ...values, rounds: Number(values.rounds), seed: Number(values.seed) };
}

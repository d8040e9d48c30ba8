import { hashedRow, ownerOf, rowOf } from '../../../../server/breach/change-row.ts';
import { takeReading } from '../../../../server/breach/machine.ts';
import type { BreachRecord } from '../../../../server/breach/record.ts';
import type { NewChange } from '../../../../server/control/breach-store.ts';
import { randomOf } from '../../../fakes/generated-log.ts';
import {
  aReading,
  aWindow,
  ofSlots,
  type Slot,
  someTerms,
  type TierStates,
} from '../../../unit/server/breach/readings.ts';

export interface StoryOptions {
  readonly seed: number;
  readonly chapters: number;
}

const objectives = ['one', 'two', 'three', 'four'];
const good = { evaluation: ofSlots(Array<Slot>(100).fill('good')) };
/** Of no tier, of one that can wait, and of two that cannot. */
const burns: readonly TierStates[] = [{}, {}, { T4: 'firing' }, { T2: 'firing' }, { T0: 'firing', T2: 'firing' }];
/** The window of the readings ends after so many seconds, and a step is one. */
const secondsAChapter = 3;
export const chaptersMax = Math.floor((aWindow.to - aWindow.from) / secondsAChapter) - 1;

/**
 * What happens to objectives, chapter by chapter: the same for the same seed, so that a server that was killed writes it
 * again and the test knows all of it. Changes are made by the product's own machine, and hashed as a server does.
 */
export function storyOf({ seed, chapters }: StoryOptions): readonly (readonly NewChange[])[] {
  const random = randomOf(Math.imul(seed, 0x85eb_ca6b));
  const authors = objectives.map((slo) => new Author(slo));
  return Array.from({ length: chapters }, (_, chapter) => {
    const first = aWindow.from + chapter * secondsAChapter;
    return Array.from({ length: secondsAChapter }, (_step, second) =>
      authors.flatMap((author) =>
        author.read(burns[Math.floor(random() * burns.length)] as TierStates, first + second),
      ),
    ).flat();
  });
}

class Author {
  readonly #slo: string;
  #records: readonly BreachRecord[] = [];
  readonly #heads = new Map<string, NewChange>();

  constructor(slo: string) {
    this.#slo = slo;
  }

  read(burn: TierStates, at: number): readonly NewChange[] {
    const reading = aReading({ ...good, burn, at });
    const step = takeReading(this.#records, { reading, terms: someTerms, now: at });
    this.#records = step.records;
    return step.changes.map((change) => {
      const id = JSON.stringify(change.record.key);
      const owner = ownerOf({ ...reading.objective, name: this.#slo }, 'acme');
      const context = {
        owner,
        now: change.at,
        engine: 'test',
        evidence: null,
        causes: [],
        previous: this.#heads.get(id),
      };
      const row = { ...hashedRow(rowOf(change, context)), bundle: undefined };
      this.#heads.set(id, row);
      return row;
    });
  }
}

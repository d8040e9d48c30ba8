import type { Accumulator } from '../../../collector/accumulator.ts';
import { identityOf } from '../../../collector/slot.ts';
import type { Source, Tick } from '../../../collector/source.ts';
import { timedRead } from '../../../collector/timed-read.ts';
import { portSlot } from '../../../core/catalogue/kinds.ts';
import type { ScriptedNative } from '../../fakes/scripted-native.ts';

const rule = { widthBits: 64, perSecondMax: 1n << 50n } as const;

/** Counts one port; a test sets its counter and what else the gather does. */
export class CountingSource implements Source {
  readonly name: string;
  readonly kinds = [portSlot];
  packets = 0n;
  countedIn = '';
  behave: (tick: Tick, into: Accumulator) => Promise<void> | void = () => undefined;
  gathers = 0;
  starts = 0;
  stops = 0;
  readonly #native: ScriptedNative;

  constructor(name: string, native: ScriptedNative) {
    this.name = name;
    this.#native = native;
  }

  async start(): Promise<void> {
    this.starts++;
  }

  async stop(): Promise<void> {
    this.stops++;
  }

  async gather(tick: Tick, into: Accumulator): Promise<void> {
    this.gathers++;
    await this.behave(tick, into);
    const [, time] = timedRead(this.#native, tick.boundary, () => undefined);
    into.fact(`${this.name}.fact`, 'constant', 'test');
    into.close({
      kind: portSlot,
      own: { port: this.name, direction: 'rx', countedIn: this.countedIn },
      time,
      identity: identityOf('boot', this.name),
      values: { packets: this.packets, bytes: 0n, dropsOutside: 0n, dropsInside: 0n },
      rules: { packets: rule, bytes: rule, dropsOutside: rule, dropsInside: rule },
    });
  }
}

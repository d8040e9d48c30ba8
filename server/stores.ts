import type { Part } from '../core/runtime/lifecycle.ts';
import type { Logger } from '../core/runtime/logger.ts';
import type { ServerConfig } from './config.ts';
import { ControlPart } from './control/control-part.ts';
import type { StartableEngine } from './store/engine.ts';
import { StorePart } from './store/store-part.ts';
import { Turns } from './turns.ts';

export interface Stores {
  readonly control: ControlPart;
  readonly engine: StartableEngine;
  /** Who may do what only one of several servers may. */
  readonly turns: Turns;
  readonly part: Part;
}

/** Both stores, as the configuration says. */
export function makeStores(config: ServerConfig, data: string, logger: Logger): Stores {
  const control = new ControlPart(config.control, data, logger.child({ component: 'control' }));
  const turns = new Turns(control);
  const store = new StorePart({
    config: config.store,
    dataFolder: data,
    logger: logger.child({ component: 'store' }),
    inTurn: turns.forMigration(),
  });
  return { control, engine: store.engine, turns, part: bothStores(control, store) };
}

/** Both stores open side by side; they are closed one after the other. */
function bothStores(control: Part, store: Part): Part {
  return {
    name: 'stores',
    start: async () => {
      const [first, second] = await Promise.allSettled([store.start(), control.start()]);
      const failed = [first, second].find(({ status }) => status === 'rejected');
      if (failed?.status !== 'rejected') return;
      await Promise.allSettled([store.stop(), control.stop()]);
      throw failed.reason;
    },
    stop: async () => {
      await control.stop();
      await store.stop();
    },
  };
}

import { join } from 'node:path';
import type { Logger } from '../core/runtime/logger.ts';
import { Indicators } from './alerts/indicators.ts';
import { Attributor } from './attribution/attributor.ts';
import { Breaches } from './breach/breaches.ts';
import { readCauses } from './breach/read-causes.ts';
import { Credits } from './credits/credits.ts';
import { MonthlyCredits } from './credits/monthly.ts';
import { Exclusions } from './exclusions/exclusions.ts';
import { Judge } from './judge/judge.ts';
import type { StoredContext } from './live/stored-to.ts';
import { Objects } from './objects/objects.ts';
import { ofKind } from './objects/of-kind.ts';
import type { Stores } from './stores.ts';

export interface PromisedOptions {
  readonly leaseMs: number;
  readonly version: string;
  /** Leave to write; rejects when there is no room. */
  readonly pass: (signal: AbortSignal) => Promise<Disposable>;
  /** The same, which waits until there is room. */
  readonly passLater: (signal: AbortSignal) => Promise<Disposable>;
  /** The data folder. */
  readonly folder: string;
  readonly logger: Logger;
}

/** What was promised to whom, and how it is kept. */
export function makePromised(
  { control, turns }: Stores,
  told: StoredContext,
  { leaseMs, version: engine, pass, passLater, folder, logger }: PromisedOptions,
) {
  const objects = new Objects(control.store, told.nowMs, pass);
  const exclusions = new Exclusions({ control: control.store, objects, nowMs: told.nowMs });
  const ready = (signal: AbortSignal) => control.ready(signal);
  const attributor = new Attributor({
    ...{ store: told.store, objects, ready, nowMs: told.nowMs, pass: passLater, folder: join(folder, 'owners') },
    inTurn: turns.forOwners(leaseMs),
    logger: logger.child({ component: 'owners' }),
  });
  const judge = new Judge({ ...told, objects, exclusions, ready, logger: logger.child({ component: 'judge' }) });
  const termsOf = (name: string) => judge.terms().find((terms) => terms.version.name === name);
  const version = async (name: string, number: number) =>
    ofKind(await objects.history('objective', name), 'objective').find((each) => each.version === number);
  const breaches = new Breaches({
    judging: judge,
    control: control.store,
    ready,
    inTurn: turns.forBreaches(leaseMs),
    exclusions: ({ body }, span) => exclusions.approved(span, body.service),
    version,
    promise: async ({ name }) => {
      const terms = termsOf(name);
      return { tenant: terms?.tenant ?? null, finalAfterSeconds: terms?.finalAfterSeconds ?? null };
    },
    causes: ({ name }, span, signal) => readCauses({ ...told.store, signal }, termsOf(name)?.placed ?? [], span),
    engine,
    nowMs: told.nowMs,
    pass,
    logger: logger.child({ component: 'breaches' }),
  });
  judge.onPast((name, span) => breaches.recheck(name, span));
  const credits = new Credits({ control: control.store, objects, exclusions, judging: judge, nowMs: told.nowMs });
  const monthly = new MonthlyCredits({
    ...{ credits, objects, exclusions, ready, nowMs: told.nowMs },
    inTurn: turns.forCredits(leaseMs),
    logger: logger.child({ component: 'credits' }),
  });
  const indicators = new Indicators(version);
  return { objects, exclusions, judge, breaches, credits, indicators, parts: [attributor, judge, breaches, monthly] };
}

import { afterEach, describe, expect, test, vi } from 'vitest';
import { FourninesError } from '../../../../core/runtime/error.ts';
import { silentLogger } from '../../../../core/runtime/logger.ts';
import type { Computation } from '../../../../server/credits/credits.ts';
import { MonthlyCredits, type MonthlyOptions } from '../../../../server/credits/monthly.ts';
import type { Version } from '../../../../server/objects/object.ts';
import { Zone } from '../../../../server/slo/zone-time.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { second } from '../slo/asking.ts';
import { agreementBody, version } from './versions.ts';

const never = new AbortController().signal;
const minuteMs = 60_000;
const gold = version('agreement', 'gold', agreementBody, 0);

/** Ledger and objects of one server, and a clock that stands until it is moved. */
class World {
  readonly clock: ManualClock;
  agreements: Version[] = [gold];
  revision = 1;
  /** What was asked of the ledger since it was last told. */
  #asked: string[] = [];
  /** Called when a month is asked for. */
  onMonth: (name: string) => void = () => undefined;

  constructor(at: string) {
    this.clock = new ManualClock(second(at));
  }

  asked(): string {
    return this.#asked.splice(0).join(' ');
  }

  part(over: Partial<MonthlyOptions> = {}): MonthlyCredits {
    return new MonthlyCredits({
      credits: {
        zoneOf: async (tenant) => {
          if (tenant !== 'acme') throw new FourninesError('FN_NOT_FOUND', `there is no tenant ${tenant}`);
          return new Zone('Asia/Ho_Chi_Minh');
        },
        computeMonth: async ({ name }, month): Promise<Computation> => {
          this.#asked.push(`${name}:${month}`);
          this.onMonth(name);
          return { kind: 'credit', id: name, line: null };
        },
      },
      objects: {
        within: async ({ from, to }, kind) =>
          this.agreements.filter((each) => each.kind === kind && each.from < to && (each.to ?? to) > from),
      },
      exclusions: { revision: async () => this.revision },
      ready: async () => undefined,
      nowMs: () => Number(this.clock.read().wallNs / 1_000_000n),
      logger: silentLogger,
      ...over,
    });
  }
}

describe('a month', () => {
  test('is computed when it is final and not before, whenever the server looks', async () => {
    const here = new World('2026-12-03T16:30:00Z');
    const part = here.part();
    await part.look(never);
    expect(here.asked()).toBe('gold:2026-10');
    here.clock.advance(59 * minuteMs);
    await part.look(never);
    expect(here.asked()).toBe('');
    here.clock.advance(minuteMs);
    await part.look(never);
    expect(here.asked()).toBe('gold:2026-10 gold:2026-11');
    expect(part.stats).toEqual({ computed: 3, failures: 0, lastErrorCode: '' });
  });

  test('is computed again each hour, for rows that came late, until it is 40 days old', async () => {
    const here = new World('2027-01-09T15:30:00Z');
    const part = here.part();
    const told: string[] = [];
    for (let hour = 0; hour < 3; hour++) {
      await part.look(never);
      told.push(here.asked());
      here.clock.advance(60 * minuteMs);
    }
    expect(told).toEqual(['gold:2026-11 gold:2026-12', 'gold:2026-11 gold:2026-12', 'gold:2026-12']);
  });

  test('is computed at the next look once exclusions changed', async () => {
    const here = new World('2026-12-15T00:00:00Z');
    const part = here.part();
    await part.look(never);
    here.asked();
    here.clock.advance(minuteMs);
    here.revision = 2;
    await part.look(never);
    expect(here.asked()).toBe('gold:2026-11');
    here.clock.advance(minuteMs);
    await part.look(never);
    expect(here.asked()).toBe('');
  });

  test('is computed once more when exclusions changed while it was', async () => {
    const here = new World('2026-12-15T00:00:00Z');
    here.onMonth = () => {
      here.revision = 7;
    };
    const part = here.part();
    await part.look(never);
    here.clock.advance(minuteMs);
    await part.look(never);
    expect(here.asked()).toBe('gold:2026-11 gold:2026-11');
  });

  test('of each version that held in it, and of no agreement without credits', async () => {
    const here = new World('2026-12-15T00:00:00Z');
    const cut = second('2026-11-15T00:00:00Z');
    here.agreements = [
      version('agreement', 'silver', agreementBody, 0, cut),
      { ...version('agreement', 'silver', agreementBody, cut), version: 2 },
      version('agreement', 'free', { ...agreementBody, tenant: 'nobody', credits: null }, 0),
      version('agreement', 'new', agreementBody, second('2026-12-01T00:00:00Z')),
    ];
    const part = here.part();
    await part.look(never);
    expect(here.asked()).toBe('silver:2026-11 silver:2026-11');
    expect(part.stats.failures).toBe(0);
  });
});

describe('what goes wrong', () => {
  test('with one agreement does not hold up others, is counted and logged, and is tried again', async () => {
    const here = new World('2026-12-15T00:00:00Z');
    const lost = version('agreement', 'lost', { ...agreementBody, tenant: 'nobody' }, 0);
    here.agreements = [version('agreement', 'broken', agreementBody, 0), lost, gold];
    here.onMonth = (name) => {
      if (name === 'broken') throw new FourninesError('FN_OBJECTIVE_FILE', 'two currencies');
    };
    const warn = vi.fn();
    const part = here.part({ logger: { ...silentLogger, warn } });
    await part.look(never);
    expect(here.asked()).toBe('broken:2026-11 gold:2026-11');
    expect(part.stats).toEqual({ computed: 1, failures: 2, lastErrorCode: 'FN_NOT_FOUND' });
    expect(warn.mock.calls.map(([fields]) => fields)).toEqual([
      { agreement: 'broken', version: 1, month: '2026-11', code: 'FN_OBJECTIVE_FILE', reason: 'two currencies' },
      { agreement: 'lost', version: 1, code: 'FN_NOT_FOUND', reason: 'there is no tenant nobody' },
    ]);
    here.onMonth = () => undefined;
    here.clock.advance(60 * minuteMs);
    await part.look(never);
    expect(here.asked()).toBe('broken:2026-11 gold:2026-11');
    expect(part.stats).toMatchObject({ computed: 3, failures: 3 });
  });

  test('with the control store leaves everything due at the next look', async () => {
    const here = new World('2026-12-15T00:00:00Z');
    let isAway = true;
    const within = async () => {
      if (isAway) throw new FourninesError('FN_CONTROL', 'away');
      return here.agreements;
    };
    const part = here.part({ objects: { within } });
    await expect(part.look(never)).rejects.toThrow('away');
    isAway = false;
    here.clock.advance(minuteMs);
    await part.look(never);
    expect(here.asked()).toBe('gold:2026-11');
  });

  test('a turn that ends stops the work, is no failure, and whoever has the next one does it all', async () => {
    const here = new World('2026-12-15T00:00:00Z');
    here.agreements = ['a', 'b'].map((name) => version('agreement', name, agreementBody, 0));
    const turn = new AbortController();
    here.onMonth = () => turn.abort(new FourninesError('FN_LEASE_LOST', 'gone'));
    const part = here.part();
    await expect(part.look(turn.signal)).rejects.toThrow('gone');
    expect(here.asked()).toBe('a:2026-11');
    here.onMonth = () => undefined;
    await part.look(never);
    expect(here.asked()).toBe('a:2026-11 b:2026-11');
    expect(part.stats.failures).toBe(0);
  });
});

describe('as a part', () => {
  let running: MonthlyCredits | undefined;
  afterEach(() => running?.stop());

  test('it waits for the control store and for its turn, fails without ending, and stops at once', async () => {
    const here = new World('2026-12-15T00:00:00Z');
    const turn = Promise.withResolvers<void>();
    const open = Promise.withResolvers<void>();
    const steps: string[] = [];
    let revisions = 0;
    running = here.part({
      inTurn: async (signal, work) => {
        steps.push('asked');
        await turn.promise;
        steps.push('turn');
        await work(signal);
      },
      ready: () => {
        steps.push('ready');
        return open.promise;
      },
      exclusions: {
        revision: async () => {
          revisions++;
          if (revisions === 1) throw new FourninesError('FN_CONTROL_TIMEOUT', 'away');
          return 1;
        },
      },
      ...{ lookMs: 1, turnMs: 1 },
    });
    const part = running;
    await part.start();
    expect(steps).toEqual(['ready']);
    open.resolve();
    await vi.waitFor(() => expect(steps).toEqual(['ready', 'asked']));
    expect(revisions).toBe(0);
    turn.resolve();
    await vi.waitFor(() => expect(here.asked()).toBe('gold:2026-11'));
    await vi.waitFor(() => expect(revisions).toBeGreaterThan(4));
    expect(here.asked()).toBe('');
    expect(part.stats).toEqual({ computed: 1, failures: 1, lastErrorCode: 'FN_CONTROL_TIMEOUT' });
    await part.stop();
  });
});

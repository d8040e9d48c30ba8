import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hashOf } from '../../alerts/fingerprint.ts';
import { type Input, step } from '../../alerts/state/machine.ts';
import { rowChanges } from '../../alerts/state/rows.ts';
import { emptyState, type State } from '../../alerts/state/state.ts';
import { AlertStore } from '../../server/control/alert-store.ts';
import type { ControlStore } from '../../server/control/control-store.ts';
import { migrateControl } from '../../server/control/migrate.ts';
import { OngoingStore } from '../../server/control/ongoing-store.ts';
import { aConfig, anAlert, aRoute, operatorTree } from '../unit/alerts/state/an-alert.ts';

const alertCount = 25;
/** A name in which the text of a row could be taken for something else. */
const odd = 'am "%_\\ é';

/** What goes on for a receiver, as it is read page by page from every control store. */
export function ongoingTests(of: () => ControlStore): void {
  describe('telling again what goes on', () => {
    let ongoing: OngoingStore;

    beforeAll(async () => {
      await migrateControl(of());
      ongoing = new OngoingStore(of());
    });
    beforeEach(() => of().query('DELETE FROM alert_state'));

    async function allPages(receiver: string, nowMs: number): Promise<readonly string[]> {
      const ports: string[] = [];
      let after: string | null = '';
      while (after !== null) {
        const page = await ongoing.page(receiver, { after, limit: 4, nowMs });
        expect(page.alerts.length).toBeLessThanOrEqual(4);
        ports.push(...page.alerts.map(({ labels }) => labels['port'] ?? ''));
        after = page.next;
      }
      return ports;
    }

    it('gives what a receiver was told that it fires, until it is over, each once', async () => {
      const groupsItself = true;
      const receivers = [odd, 'ops'].map((name) => ({ name, tenant: null, groupsItself }) as const);
      const own = aRoute({
        name: 'even',
        matchers: [{ label: 'even', operator: '=', value: 'yes' }],
        receivers: [odd],
      });
      const config = aConfig({ receivers, trees: [operatorTree({ routes: [own] })] });
      const fires = Array.from({ length: alertCount }, (_, i): Input => {
        return {
          kind: 'alert',
          alert: anAlert({ labels: { port: `p${i}`, even: i % 2 === 0 ? 'yes' : 'no' }, at: 1 }),
        };
      });
      const over: Input = {
        kind: 'alert',
        alert: anAlert({ labels: { port: 'p4', even: 'yes' }, at: 50, entry: 2, status: 'resolved' }),
      };
      let state: State = emptyState;
      const take = (input: Input, now: number) => {
        state = step(state, input, { now, hash: hashOf }).state;
      };
      take({ kind: 'configured', config }, 1);
      for (const input of fires) take(input, 1);
      take({ kind: 'time' }, 10);
      take(over, 50);
      const changes = rowChanges(emptyState, state);
      await new AlertStore(of()).keep({ serial: 0n, changes, deliveries: [], taken: [], takenSilences: [] });

      const even = Array.from({ length: alertCount }, (_, i) => i).filter((i) => i % 2 === 0 && i !== 4);
      expect([...(await allPages(odd, 51_000))].sort()).toEqual(even.map((i) => `p${i}`).sort());
      expect((await allPages('ops', 51_000)).length).toBe(12);
      expect(await allPages('am', 51_000)).toEqual([]);
    });

    it('gives nothing where nothing was ever remembered', async () => {
      expect(await allPages('ops', 1_000)).toEqual([]);
    });
  });
}

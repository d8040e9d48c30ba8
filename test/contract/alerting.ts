import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../core/runtime/logger.ts';
import { AlertingDesk } from '../../server/alerts/alerting-desk.ts';
import { SealKey } from '../../server/alerts/sealed.ts';
import { alertingRoutes } from '../../server/api/routes/alerting.ts';
import { bareApi } from '../../server/api/server.ts';
import { AlertingStore } from '../../server/control/alerting-store.ts';
import type { ControlStore } from '../../server/control/control-store.ts';
import { DeliveryStore } from '../../server/control/delivery-store.ts';
import { migrateControl } from '../../server/control/migrate.ts';

const secret = 'https://hooks.slack.example/services/T0AB12CD3/aBcDeFgHiJkLmNoP';
const mark = '"sealed:https://hooks.slack.example"';

function aDocument(url: string): string {
  return `apiVersion: fournines/v1
kind: Alerting
spec:
  receivers: [{ name: chat, channel: slack, url: ${url} }]
  routes: [{ name: all, receivers: [chat] }]
`;
}

/** The document of receivers and its secrets, over HTTP, on every control store. */
export function alertingTests(of: () => ControlStore): void {
  describe('the document of receivers', () => {
    const nowMs = () => 1_000;
    const by = { by: 'kim', via: 'api', dryRun: false } as const;

    /** One server of several, with the key of secrets that they share, or with another. */
    const aServer = (key = 7) => {
      const sealKey = new SealKey(Buffer.alloc(32, key));
      const desk = new AlertingDesk({
        ...{ store: new AlertingStore(of()), sealKey: () => sealKey, ready: async () => undefined, nowMs },
        ...{ logger: silentLogger, everyMs: 10 },
      });
      const api = bareApi(silentLogger);
      const deliveries = new DeliveryStore(of());
      alertingRoutes(api, { desk, deliveries, dispatcher: { wake: () => undefined }, nowMs });
      const shown = async () => (await api.inject({ url: '/alerting' })).body;
      const urlOf = () => {
        const spec = desk.receiver('chat')?.spec;
        return spec?.channel === 'slack' ? spec.url : undefined;
      };
      return { desk, shown, urlOf };
    };

    beforeAll(() => migrateControl(of()).then(() => undefined));
    beforeEach(async () => {
      await of().query('DELETE FROM alerting');
    });

    it('has no secret where it is kept and where it is shown, and every server sends to the address', async () => {
      const [one, two] = [aServer(), aServer()];
      expect(await one.desk.apply(aDocument(secret), by)).toBe(1);
      expect(one.urlOf()).toBe(secret);
      await two.desk.start();
      try {
        await expect.poll(two.urlOf, { timeout: 10_000 }).toBe(secret);
      } finally {
        await two.desk.stop();
      }
      const kept = JSON.stringify(await of().query('SELECT * FROM alerting'), (_, value) =>
        typeof value === 'bigint' ? String(value) : value,
      );
      for (const text of [kept, await one.shown(), await two.shown()]) {
        expect(text).not.toMatch(/aBcDeF|T0AB12CD3/);
        expect(text).toContain('sealed:https://hooks.slack.example');
      }
    });

    it('that is shown and applied again, at another server, keeps what is sealed; another address is another version', async () => {
      const [one, two] = [aServer(), aServer()];
      await one.desk.apply(aDocument(secret), by);
      // This one has not looked at the store yet: what holds there counts, not what it knows.
      expect(await two.desk.apply(aDocument(mark), { ...by, dryRun: true })).toBe(1);
      expect(await two.desk.apply(aDocument(mark), by)).toBe(1);
      expect(await two.desk.apply(aDocument(secret), by)).toBe(1);
      expect(two.urlOf()).toBe(secret);
      expect(await two.desk.apply(aDocument(`${secret}x`), by)).toBe(2);
      expect(await one.desk.apply(`# once more\n${aDocument(mark)}`, by)).toBe(3);
      expect([one.urlOf(), two.urlOf()]).toEqual([`${secret}x`, `${secret}x`]);
    });

    it('with a mark of nothing is refused, also where it would only be tried, and nothing is applied', async () => {
      for (const dryRun of [true, false]) {
        const refused = aServer().desk.apply(aDocument(mark), { ...by, dryRun });
        await expect(refused).rejects.toMatchObject({
          code: 'FN_ALERTING_FILE',
          message: expect.stringContaining('alerting line 4, key spec.receivers[0].url: nothing is sealed for chat'),
        });
      }
      expect(await of().query('SELECT 1 FROM alerting')).toEqual([]);
    });

    it('whose secrets were sealed by another key holds without those addresses, until they are applied again', async () => {
      await aServer().desk.apply(aDocument(secret), by);
      const other = aServer(8);
      await expect(other.desk.apply(aDocument(mark), by)).rejects.toMatchObject({ code: 'FN_SECRET_SEALED' });
      expect(await other.desk.apply(aDocument(secret), by)).toBe(2);
      expect(other.urlOf()).toBe(secret);
      const first = aServer();
      await first.desk.start();
      try {
        await expect.poll(first.urlOf, { timeout: 10_000 }).toBe('sealed:https://hooks.slack.example');
      } finally {
        await first.desk.stop();
      }
    });
  });
}

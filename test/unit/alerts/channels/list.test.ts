import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { channels } from '../../../../alerts/channels/index.ts';
import { notificationReasons } from '../../../../alerts/notification.ts';
import { contextOf, notificationOf } from '../telling.ts';

test('the list has every folder', () => {
  const folders = readdirSync(new URL('../../../../alerts/channels/', import.meta.url), { withFileTypes: true });
  const names = folders.filter((each) => each.isDirectory()).map(({ name }) => name);
  expect(Object.keys(channels).sort()).toEqual(names.sort());
});

test.each(Object.entries(channels))('%s forms every reason, the same each time, and signs as it says', (_, channel) => {
  for (const reason of notificationReasons) {
    for (const notification of [notificationOf({ reason }), notificationOf({ reason, alerts: [] })]) {
      const formed = channel.form(notification, contextOf());
      expect(channel.form(notification, contextOf())).toEqual(formed);
      if (formed.kind === 'mail') continue;
      expect(formed.headers['webhook-signature'] === undefined).toBe(channel.signs === 'never');
      for (const [name, value] of Object.entries(formed.headers)) {
        expect(name).toMatch(/^[a-z-]+$/);
        expect(value).toMatch(/^[\x20-\x7e]+$/);
      }
    }
  }
});

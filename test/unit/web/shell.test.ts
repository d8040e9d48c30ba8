import { describe, expect, test } from 'vitest';
import {
  type Completeness,
  completeText,
  revisionText,
  silentNames,
  silentText,
} from '../../../web/src/features/shell/model.ts';

const at = (second: number) => `2026-07-14T14:00:0${second}Z`;
const aTold = (hosts: readonly string[], count = hosts.length): Completeness => ({
  ...{ completeTo: at(5), revision: null },
  silent: { count, hosts: hosts.map((host, i) => ({ host, since: at(i) })) },
});

describe('the head of a page', () => {
  test('says up to when it is complete, or that nobody knows', () => {
    expect(completeText(aTold([]), 'utc')).toBe('as of 2026-07-14 14:00:05');
    expect(completeText({ ...aTold([]), completeTo: null }, 'utc')).toBe('complete to: unknown');
  });

  test('and since when no sum has changed', () => {
    expect(revisionText({ ...aTold([]), revision: at(7) }, 'utc')).toBe('unchanged since 2026-07-14 14:00:07');
    expect(revisionText(aTold([]), 'utc')).toBe('');
  });

  test('and who is not in it, since when', () => {
    expect(silentText(aTold(['cn1']), 'utc')).toBe('cn1 silent since 2026-07-14 14:00:00');
    expect(silentText(aTold(['cn1', 'cn2'], 40), 'utc')).toBe('40 hosts silent since 2026-07-14 14:00:00');
    expect(silentNames(aTold(['cn1', 'cn2'], 40), 'utc')).toBe(
      'cn1 since 2026-07-14 14:00:00\ncn2 since 2026-07-14 14:00:01\nand 38 more',
    );
    expect(silentNames(aTold(['cn1']), 'utc')).toBe('cn1 since 2026-07-14 14:00:00');
  });
});

import { describe, expect, it, vi } from 'vitest';
import { exclusionsCommand } from '../../cli/commands/exclusions.ts';
import type { CreditPage } from '../../server/api/schema/credits.ts';
import type { Exclusion, ExclusionDetail } from '../../server/api/schema/exclusions.ts';
import { isoOf } from '../../server/slo/instant.ts';

const documents = (start: string) => `apiVersion: fournines/v1
kind: Tenant
metadata: { name: nova, displayName: Nova }
spec: { timeZone: UTC }
---
apiVersion: fournines/v1
kind: Service
metadata: { name: nova, displayName: Nova }
spec: { tenant: nova, ports: [{ name: p1, placements: [{ host: cn2, port: p1 }] }] }
---
apiVersion: openslo/v1
kind: SLO
metadata: { name: nova-delivery }
spec:
  service: nova
  indicator:
    metadata: { name: packet-delivery }
    spec:
      thresholdMetric:
        metricSource: { type: fournines, spec: { sli: packetDelivery, ports: [p1] } }
  timeWindow: [{ duration: 1d, isRolling: false, calendar: { startTime: "${start}", timeZone: UTC } }]
  budgetingMethod: Occurrences
  objectives: [{ target: 0.999 }]
`;

/** Exclusions and credits on a running server, with its own objects and judge. */
export function exclusionsApi(urlOf: () => string): void {
  const call = async <T>(path: string, body?: object) => {
    const sent = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const response = await fetch(`${urlOf()}/api/v1${path}`, body === undefined ? {} : sent);
    return { status: response.status, body: (await response.json()) as T };
  };

  describe('exclusions', () => {
    it('tell what they change by the judge of the server, with those that were approved before', async () => {
      const quarter = Math.floor(Date.now() / 900_000) * 900;
      const start = isoOf(quarter - 86_400).slice(0, 10);
      const promised = { documents: documents(`${start} 00:00:00`), by: 'ann', from: `${start}T00:00:00Z` };
      expect(await call('/slos/apply', promised)).toMatchObject({ status: 200 });
      const request = { service: 'nova', category: 'attack', reason: 'flood', requestedBy: 'Lan' };
      const span = { from: isoOf(quarter - 1800), to: isoOf(quarter - 900) };
      const asked = await call<Exclusion>('/exclusions', { ...request, ...span });
      expect(asked).toMatchObject({
        status: 201,
        body: { state: 'requested', warnings: [/No agreement/, /ended/].map(told) },
      });
      const would = await call<ExclusionDetail>(`/exclusions/${asked.body.id}`);
      expect(would.body).toMatchObject({
        notJudged: [],
        effect: [{ slo: 'nova-delivery', without: { slots: { excluded: 0 } }, with: { slots: { excluded: 900 } } }],
      });
      const approved = await call<Exclusion>(`/exclusions/${asked.body.id}/approve`, { by: 'Minh' });
      expect(approved.body).toMatchObject({ state: 'approved', decidedBy: 'Minh' });
      const next = { from: isoOf(quarter - 900), to: isoOf(quarter) };
      const second = await call<Exclusion>('/exclusions', { ...request, ...next });
      const both = await call<ExclusionDetail>(`/exclusions/${second.body.id}`);
      // The first one is in this day, too, unless midnight lies between them.
      const before = span.from.slice(0, 10) === next.from.slice(0, 10) ? 900 : 0;
      expect(both.body.effect).toMatchObject([
        { without: { slots: { excluded: before } }, with: { slots: { excluded: before + 900 } } },
      ]);
    });
  });

  it('exclusions are asked for, listed, shown and decided by command; an own approval is refused with its place', async () => {
    const quarter = Math.floor(Date.now() / 900_000) * 900;
    const run = async (...args: string[]) => {
      let text = '';
      const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
        text += String(chunk);
        return true;
      });
      const ran = exclusionsCommand().parseAsync([...args, '--server', urlOf()], { from: 'user' });
      return ran.then(() => text).finally(() => write.mockRestore());
    };
    const asking = [
      'request',
      '--service',
      'nova',
      '--category',
      'suspended',
      '--reason',
      'unpaid\u001b[2J',
      '--by',
      'Lan',
    ];
    const asked = await run(...asking, '--from', isoOf(quarter + 900), '--to', isoOf(quarter + 1800));
    expect(asked).toContain('requested  nova  suspended  Lan: unpaid\\u001b[2J\n  ! No agreement holds');
    const [id = ''] = asked.split(' ');
    expect(await run('list', '--service', 'nova', '--limit', '1')).toBe(asked.slice(0, asked.indexOf('\n') + 1));
    await expect(run('approve', id, '--by', 'lan')).rejects.toMatchObject({
      code: 'FN_QUERY_PARAMETER',
      message: expect.stringContaining('body.by must be another person than Lan'),
    });
    expect(await run('approve', id, '--by', 'Minh', '--comment', 'mail 3')).toContain('approved  nova');
    expect(await run('show', id)).toMatch(
      / {2}1 {2}\S+ {2}requested {2}Lan\n {2}2 {2}\S+ {2}approved {2}Minh mail 3\n/,
    );
    expect(JSON.parse(await run('revoke', id, '--json'))).toMatchObject({ id, state: 'revoked', revision: 3 });
    await expect(run('reject', id)).rejects.toMatchObject({ code: 'FN_STATE_CONFLICT' });
  });

  it('credits are told where there are none, and one that is not there has no state', async () => {
    expect(await call<CreditPage>('/credits?tenant=nova&month=2026-01')).toEqual({
      status: 200,
      body: { items: [], nextCursor: null },
    });
    expect((await call('/credits/none/state', { state: 'notified', by: 'Lan' })).status).toBe(404);
  });
}

function told(words: RegExp): unknown {
  return expect.stringMatching(words);
}

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { sloCommand } from '../../cli/commands/slo.ts';
import type { Problem } from '../../server/api/schema/common.ts';
import type { Applied, ObjectVersionPage } from '../../server/api/schema/objects.ts';
import { canonicalJson, sha256Of } from '../../server/objects/canonical-json.ts';
import { cli } from './spawned.ts';

/** The example that docs/objectives.md shows. */
const guide = readFileSync(new URL('../../docs/objectives.md', import.meta.url), 'utf8');
const [example = '', retirement = ''] = [...guide.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text ?? '');

/** Objects over HTTP and by the command line, on a running server that has none. */
export function objectsApi(urlOf: () => string): void {
  const folder = mkdtempSync(join(tmpdir(), 'fn-objects-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const fileOf = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  /** In this process: a new one costs a second. */
  const slo = async (...args: string[]) => {
    let stdout = '';
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
      stdout += String(chunk);
      return true;
    });
    const before = process.exitCode;
    process.exitCode = 0;
    try {
      await sloCommand().parseAsync([...args, '--server', urlOf()], { from: 'user' });
      return { code: process.exitCode, stdout };
    } finally {
      write.mockRestore();
      process.exitCode = before;
    }
  };
  const post = async <T = Applied>(body: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${urlOf()}/api/v1/slos/apply`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as T };
  };
  const changesOf = ({ changes }: Applied) => changes.map(({ change }) => change);

  describe('objects', () => {
    it('the example of the guide is new, is applied, is then the same, and is exported as it was', async () => {
      const file = fileOf('acme.yaml', example);
      expect(changesOf((await post({ documents: example, by: 'ann', dryRun: true })).body)).toEqual(
        Array(6).fill('created'),
      );
      const applied = await slo('apply', '-f', file, '--by', 'ann', '--json');
      expect(applied.code).toBe(0);
      expect(changesOf(JSON.parse(applied.stdout) as Applied)).toEqual(Array(6).fill('created'));
      const all = join(folder, 'all.yaml');
      expect((await slo('export', '-f', all)).code).toBe(0);
      expect(await slo('diff', '-f', all)).toEqual({ code: 0, stdout: '6 unchanged\n' });
    });

    it('a change tells where it differs, and its versions are there with their hashes', async () => {
      const file = fileOf('change.yaml', example.replace('0.9999 }', '0.99999 }'));
      const { code, stdout } = await slo('diff', '-f', file);
      expect(code).toBe(1);
      expect(stdout).toMatch(/^objective acme-availability changed: version 2 from \S+:(00|15|30|45):00Z\n/);
      expect(stdout).toContain('  - spec.objectives[0].target: 0.9999\n  + spec.objectives[0].target: 0.99999\n');
      const applied = await post({ documents: readFileSync(file, 'utf8'), by: 'bob' });
      expect(changesOf(applied.body).filter((change) => change !== 'unchanged')).toEqual(['changed']);
      const path = `${urlOf()}/api/v1/objects/objective/acme-availability/versions`;
      const first = (await (await fetch(`${path}?limit=1`)).json()) as ObjectVersionPage;
      const rest = (await (await fetch(`${path}?cursor=${first.nextCursor}`)).json()) as ObjectVersionPage;
      const versions = [...first.items, ...rest.items];
      expect(versions.map(({ version, witness }) => [version, witness])).toEqual([
        [1, 'ann'],
        [2, 'bob'],
      ]);
      expect(versions[0]?.to).toBe(versions[1]?.from);
      for (const { body, sha256 } of versions) expect(sha256Of(canonicalJson(body))).toBe(sha256);
      expect(versions[1]?.document).toContain('target: 0.99999\n');
    });

    it('mistakes of several files are told together with file, line and key, and nothing is applied', async () => {
      const bad = fileOf('bad.yaml', example.replace('USD,', 'USX,').replace('0.99995 }', '99.995 }'));
      const worse = fileOf('worse.yaml', 'apiVersion: fournines/v1\nkind: Tenant\nmetadata: { name: x }\nspec: {}\n');
      const args = [cli, 'slo', 'apply', '-f', bad, worse, '--server', urlOf()];
      const { code, stderr } = await promisify(execFile)(process.execPath, args).then(
        ({ stderr }) => ({ code: 0, stderr }),
        (error: { code: number; stderr: string }) => error,
      );
      expect(code).toBe(2);
      expect(stderr).toContain('bad.yaml line 25, key spec.items[0].currency: there is no currency "USX"');
      expect(stderr).toContain('If 99.995 % is meant, write 0.99995');
      expect(stderr).toContain('worse.yaml line 4, key spec: timeZone is missing');
      const { body } = await post({ documents: example, by: 'ann', dryRun: true });
      expect(changesOf(body).filter((change) => change === 'unchanged')).toHaveLength(5);
    });

    it('over HTTP mistakes are a problem with each of them; other pages, long texts and wrong names are refused', async () => {
      const wrong = await post<Problem>({ documents: `${example}---\nkind: Tenant\n`, by: 'ann' });
      expect([wrong.status, wrong.body.code]).toEqual([400, 'FN_OBJECT_FILE']);
      expect(wrong.body.errors).toMatchObject([
        {
          where: `documents line ${example.split('\n').length + 1}`,
          problem: expect.stringContaining('apiVersion is missing.'),
        },
      ]);
      expect((await post({ documents: example, by: 'ann' }, { 'sec-fetch-site': 'cross-site' })).status).toBe(400);
      expect((await post({ documents: example, by: '' })).status).toBe(400);
      const long = await post<Problem>({ documents: `# ${'x'.repeat(2_097_152)}`, by: 'ann' });
      expect(long.body.detail).toContain('are more than 2097152');
      const longer = await post<Problem>({ documents: 'x'.repeat(9_000_000), by: 'ann' });
      expect(longer.status).toBe(400);
      const none = await fetch(`${urlOf()}/api/v1/objects/tenant/nobody/versions`);
      expect(none.status).toBe(404);
    });

    it('what ends is no part of what is exported, and its history stays', async () => {
      const refused = await post<Problem>({ documents: retirement, by: 'ann' });
      expect(refused.body.detail).toContain('agreement acme-sla needs it');
      const fewer = example.split('---\n').find((text) => text.includes('kind: Agreement')) ?? '';
      const files = [
        { name: 'end.yaml', text: retirement },
        { name: 'less.yaml', text: fewer.replace(', acme-delivery]', ']') },
      ];
      const { body } = await post({ documents: files, by: 'ann' });
      expect(body.changes).toMatchObject([{ kind: 'objective', name: 'acme-delivery', change: 'retired' }, {}]);
      expect(await (await fetch(`${urlOf()}/api/v1/slos/export`)).text()).not.toContain('acme-delivery');
      const path = `${urlOf()}/api/v1/objects/objective/acme-delivery/versions`;
      expect(((await (await fetch(path)).json()) as ObjectVersionPage).items).toHaveLength(1);
    });
  });
}

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { loadConfig } from '../../../cli/config.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const document = parseDocument(read('docker-compose.yml'), { uniqueKeys: true });

type SecretUse = string | { readonly source: string };
interface Service {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly command?: readonly string[];
  readonly secrets?: readonly SecretUse[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly volumes: Readonly<Record<string, null>>;
}
const compose = document.toJS() as Compose;
const services = Object.entries(compose.services);
const folder = mkdtempSync(join(tmpdir(), 'fn-compose-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('docker-compose.yml', () => {
  test('is YAML without a mistake, with the four services', () => {
    expect(document.errors).toEqual([]);
    expect(document.warnings).toEqual([]);
    expect(services.map(([name]) => name)).toEqual(['clickhouse', 'kafka', 'postgres', 'server']);
  });

  test.each(services)(
    '%s names its version, is asked for its health, and is published on loopback only',
    (_, service) => {
      expect(service.image).toMatch(/:[0-9]+\.?[0-9.]*(-[a-z]+)?$/);
      expect(service.healthcheck?.test[0]).toBe('CMD');
      expect(service.ports?.length).toBeGreaterThan(0);
      for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
    },
  );

  test('no password is in an environment or on a command line', () => {
    for (const [, { environment = {}, command = [], healthcheck }] of services) {
      for (const [name, value] of Object.entries(environment)) {
        if (/PASSWORD|SECRET|TOKEN/i.test(name)) expect(`${name}=${value}`).toMatch(/_FILE=\/run\/secrets\//);
      }
      expect([...command, ...(healthcheck?.test ?? [])].join(' ')).not.toMatch(/password/i);
    }
  });

  test('what a service uses is there: secrets, volumes, services it waits for', () => {
    for (const [, { secrets = [], volumes = [], depends_on = {} }] of services) {
      const used = secrets.map((use) => (typeof use === 'string' ? use : use.source));
      expect(Object.keys(compose.secrets)).toEqual(expect.arrayContaining(used));
      const named = volumes.map((text) => text.split(':')[0] as string).filter((name) => /^\w/.test(name));
      expect(Object.keys(compose.volumes)).toEqual(expect.arrayContaining(named));
      for (const text of volumes.filter((text) => text.startsWith('./'))) {
        expect(statSync(join(root, text.split(':')[0] as string)).isFile()).toBe(true);
      }
      for (const name of Object.keys(depends_on)) expect(Object.keys(compose.services)).toContain(name);
    }
  });

  test("the server's configuration is one that it accepts, and reads the secrets that it is given", () => {
    const { server, bus } = loadConfig(join(root, 'packaging/docker/server.yaml'), {});
    const given = (compose.services['server']?.secrets ?? []).map((name) => `/run/secrets/${String(name)}`);
    expect([server.store.passwordFile, server.control.passwordFile].sort()).toEqual([...given].sort());
    expect([server.store.kind, server.control.kind, bus.kafka?.brokers]).toEqual([
      ...['clickhouse', 'postgres'],
      ['kafka:29092'],
    ]);
  });
});

test('make-secrets.sh makes each password once, for its owner only, and the hash that ClickHouse is given', () => {
  const target = join(folder, 'secrets');
  const make = () => execFileSync(join(root, 'packaging/docker/make-secrets.sh'), [target]);
  const all = () =>
    Object.values(compose.secrets).map(({ file }) => readFileSync(join(target, file.split('/').at(-1) ?? ''), 'utf8'));
  make();
  const before = all();
  make();
  expect(all()).toEqual(before);
  expect(new Set(before).size).toBe(3);
  expect(statSync(target).mode & 0o777).toBe(0o700);
  const password = readFileSync(join(target, 'clickhouse-password'), 'utf8').trimEnd();
  expect(password.length).toBeGreaterThanOrEqual(32);
  const hash = createHash('sha256').update(password).digest('hex');
  expect(readFileSync(join(target, 'clickhouse-users.xml'), 'utf8')).toContain(`<password_sha256_hex>${hash}<`);
});

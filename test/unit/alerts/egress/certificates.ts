import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** An authority of this test run alone, valid for a day; its keys are gone with it. */
export class Authority implements Disposable {
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'fournines-authority-'));
  readonly pem: string;
  #issued = 0;

  constructor() {
    const files = ['-keyout', this.#at('ca.key'), '-out', this.#at('ca.pem')];
    this.#openssl('req', '-x509', ...ec, ...files, '-days', '1', '-subj', '/CN=authority of a test');
    this.pem = this.#read('ca.pem');
  }

  /** A certificate for hosts: names, and addresses. `days` below zero: it has expired. */
  issue(hosts: readonly string[], days = 1): Certificate {
    const name = `leaf-${this.#issued++}`;
    const at = (ending: string) => this.#at(`${name}.${ending}`);
    const entries = hosts.map((host) => `${/^[0-9.]+$|:/.test(host) ? 'IP' : 'DNS'}:${host}`);
    writeFileSync(at('ext'), `subjectAltName=${entries.join(',')}\n`);
    this.#openssl('req', ...ec, '-keyout', at('key'), '-out', at('csr'), '-subj', '/CN=receiver of a test');
    const signer = ['-CA', this.#at('ca.pem'), '-CAkey', this.#at('ca.key'), '-CAcreateserial'];
    const out = ['-extfile', at('ext'), '-out', at('pem')];
    this.#openssl('x509', '-req', '-in', at('csr'), ...signer, '-days', String(days), ...out);
    return { cert: this.#read(`${name}.pem`), key: this.#read(`${name}.key`) };
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #at(name: string): string {
    return path.join(this.#folder, name);
  }

  #read(name: string): string {
    return readFileSync(this.#at(name), 'utf8');
  }

  #openssl(...args: readonly string[]): void {
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 20_000 });
  }
}

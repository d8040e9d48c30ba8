import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { programPath, runProgram } from '../programs.ts';

export interface LabCertificates {
  /** PEM of the authority that signed the broker's certificate. */
  readonly caFile: string;
  /** PEM of an authority that signed nothing here. */
  readonly otherCaFile: string;
  /** Key (PKCS#8), certificate and authority in one file, as Kafka's PEM key store wants it. */
  readonly serverFile: string;
}

/** A throw-away authority, and a certificate of it for `localhost`. Valid for a day. */
export async function makeCertificates(folder: string): Promise<LabCertificates> {
  const at = (name: string) => path.join(folder, name);
  const openssl = (...args: string[]) => runProgram(programPath('openssl', 'openssl'), args);
  const authority = async (name: string) => {
    const subject = ['-subj', `/CN=${name}`, '-addext', 'basicConstraints=critical,CA:TRUE'];
    const files = ['-keyout', at(`${name}.key`), '-out', at(`${name}.pem`)];
    await openssl('req', '-x509', ...ec, '-nodes', '-days', '1', ...subject, ...files);
  };
  await Promise.all([authority('ca'), authority('other-ca')]);
  const request = ['-keyout', at('server.key'), '-out', at('server.csr'), '-subj', '/CN=localhost'];
  await openssl('req', ...ec, '-nodes', ...request);
  writeFileSync(at('server.ext'), 'subjectAltName=DNS:localhost\n');
  const signed = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-extfile', at('server.ext')];
  await openssl('x509', '-req', '-in', at('server.csr'), ...signed, '-days', '1', '-out', at('server.crt'));
  const parts = ['server.key', 'server.crt', 'ca.pem'].map((name) => readFileSync(at(name), 'utf8'));
  writeFileSync(at('server.pem'), parts.join(''), { mode: 0o600 });
  return { caFile: at('ca.pem'), otherCaFile: at('other-ca.pem'), serverFile: at('server.pem') };
}

const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

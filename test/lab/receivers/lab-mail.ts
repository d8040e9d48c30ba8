import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type LabStateFile, removeLabFolder } from '../lab-state.ts';
import { LabProcess } from '../processes.ts';
import { programPath, runProgram } from '../programs.ts';
import { canConnect, freePort, labFolder } from './lab-folder.ts';
import { type MailParts, readMail } from './mail-parts.ts';

const debianPackage = 'exim4-daemon-light';
const startDeadlineMs = 30_000;
/** Its package makes this user; without root there is none to become. */
const user = 'Debian-exim';

/** What its people are called: `later` has a full mailbox, and there is nobody else. */
const mailboxes = ['ops', 'noc', 'acme'] as const;
export const mailUser = 'fournines';
export const mailPassword = 'lab-mail-secret-7c41';

/**
 * Debian's Exim in a folder of its own, on a free port of loopback: STARTTLS, then a log-in, else nothing is taken. What it
 * takes for `lab.example` lies in one maildir, with the address in `Envelope-to`.
 */
export class LabMail implements AsyncDisposable {
  readonly host = 'localhost';
  readonly port: number;
  readonly #state: LabStateFile;
  #process: LabProcess | undefined;

  private constructor(state: LabStateFile, port: number) {
    this.#state = state;
    this.port = port;
  }

  static async start(): Promise<LabMail> {
    const lab = new LabMail(labFolder('mail'), await freePort());
    try {
      await lab.#make();
      await lab.run();
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
    return lab;
  }

  /** File of the authority that vouches for `localhost`, PEM. */
  get caFile(): string {
    return this.#at('server.crt');
  }

  /** Starts it, again after `kill`. */
  async run(): Promise<void> {
    const own = [`--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--no-new-privs', '--pdeathsig', 'KILL'];
    this.#process = await LabProcess.start(
      {
        name: 'exim',
        // It is setuid root: with rights that cannot grow it stays what it is started as.
        program: programPath('setpriv', 'util-linux'),
        args: [...own, '--', programPath('exim4', debianPackage), '-C', this.#at('exim.conf'), '-bdf'],
      },
      this.#state,
    );
    await this.#process.ready({ what: 'Exim takes connections', deadlineMs: startDeadlineMs }, () =>
      canConnect(this.port),
    );
  }

  async kill(): Promise<void> {
    await this.#process?.kill();
    this.#process = undefined;
  }

  /** What has arrived, in the order of arrival. */
  mails(): readonly MailParts[] {
    const folder = this.#at('mail/new');
    if (!existsSync(folder)) return [];
    const names = readdirSync(folder).sort();
    return names.map((name) => readMail(readFileSync(path.join(folder, name), 'utf8')));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    removeLabFolder(this.#state.folder);
  }

  async #make(): Promise<void> {
    const { folder } = this.#state;
    const [uid, gid] = await Promise.all(
      ['-u', '-g'].map(async (of) => Number(await runProgram('/usr/bin/id', [of, user]))),
    );
    for (const name of ['spool', 'exim-log', 'mail']) mkdirSync(this.#at(name));
    await runProgram(programPath('openssl', 'openssl'), [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
      ...['-keyout', this.#at('server.key'), '-out', this.caFile, '-subj', '/CN=localhost'],
      ...['-addext', 'subjectAltName=DNS:localhost'],
    ]);
    writeFileSync(this.#at('exim.conf'), configOf(folder, this.port), { mode: 0o644 });
    for (const name of ['spool', 'exim-log', 'mail', 'server.key', 'server.crt'])
      chownSync(this.#at(name), uid as number, gid as number);
    chmodSync(folder, 0o711);
  }

  #at(name: string): string {
    return path.join(this.#state.folder, name);
  }
}

function configOf(folder: string, port: number): string {
  return `primary_hostname = mail.lab.example
spool_directory = ${folder}/spool
log_file_path = ${folder}/exim-log/%slog
pid_file_path = ${folder}/spool/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = ${port}
deliver_drop_privilege = true
host_lookup =
rfc1413_query_timeout = 0s
keep_environment =
timezone = UTC
tls_advertise_hosts = *
tls_certificate = ${folder}/server.crt
tls_privatekey = ${folder}/server.key
auth_advertise_hosts = \${if eq{$tls_in_cipher}{}{}{*}}
acl_smtp_rcpt = rcpt
acl_smtp_data = data
begin acl
rcpt:
  deny message = log in first
       !authenticated = *
  defer domains = lab.example
        local_parts = later
        message = the mailbox is full
  accept domains = lab.example
         local_parts = ${mailboxes.join(' : ')}
  deny message = nobody is called that
data:
  accept
begin routers
here:
  driver = accept
  domains = lab.example
  transport = maildir
begin transports
maildir:
  driver = appendfile
  directory = ${folder}/mail
  maildir_format
  envelope_to_add
  return_path_add
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_set_id = $auth2
  server_condition = \${if and{{eq{$auth2}{${mailUser}}}{eq{$auth3}{${mailPassword}}}}}
`;
}

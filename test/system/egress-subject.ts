import { once } from 'node:events';
import { createServer as createHttpsServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import { parseAddress } from '../../alerts/egress/address.ts';
import { createEgress } from '../../alerts/egress/egress.ts';
import { systemLookups } from '../../alerts/egress/own-watch.ts';
import { readEgressRules, readReceiverRules } from '../../alerts/egress/rules.ts';
import { Authority } from '../unit/alerts/egress/certificates.ts';
import { never, post, ScriptedNames } from '../unit/alerts/egress/network.ts';
import * as table from '../unit/alerts/egress/ssrf-targets.ts';

/**
 * Sends the table of targets over real connections, from inside a network in which every address is this machine: what is let through
 * arrives. Prints what came of it as one line of JSON.
 */
export interface EgressTrial {
  /** Forbidden addresses that take a connection from whoever does not ask the rules: that the trial can fail. */
  readonly open: number;
  readonly forbidden: readonly { readonly url: string; readonly kind: string; readonly code: string | null }[];
  /** Connections that arrived while forbidden targets were asked for. */
  readonly forbiddenConnections: number;
  readonly allowed: readonly { readonly url: string; readonly kind: string; readonly status: number | null }[];
  readonly allowedConnections: number;
}

const hostOf = (url: string) =>
  URL.parse(url)
    ?.hostname.replace(/^\[|\]$/g, '')
    .replace(/\.$/, '') ?? '';

/** Whether a connection can be made with nobody asking. */
async function takesConnection(host: string): Promise<boolean> {
  const socket: Socket = connect({ host, port: 443 });
  const end = await Promise.race([once(socket, 'connect'), once(socket, 'error')]).catch(() => null);
  const isOpen = end !== null && socket.remoteAddress !== undefined;
  socket.destroy();
  return isOpen;
}

using authority = new Authority();
const certificate = authority.issue([...new Set(table.allowedTargets.map(({ url }) => hostOf(url)))]);
let connections = 0;
const servers = [443, 8443].map((port) => {
  const server = createHttpsServer(certificate, (_request, response) => response.writeHead(204).end());
  server.on('connection', () => connections++);
  return server.listen(port, '::');
});
await Promise.all(servers.map((server) => once(server, 'listening')));

const literals = [...new Set(table.forbiddenTargets.map(({ url }) => hostOf(url)))].filter((host) =>
  parseAddress(host),
);
let open = 0;
for (const host of literals) open += (await takesConnection(host)) ? 1 : 0;

const receiver = readReceiverRules({ ...table.receiver, ca: authority.pem });
const egress = createEgress(readEgressRules(table.settings), {
  resolver: ScriptedNames.of(table.answersByName),
  ownLookups: { ...systemLookups, addressesOf: async (name) => table.ownNames[name] ?? [] },
});
async function outcomes(targets: readonly table.Target[]) {
  connections = 0;
  const results = [];
  for (const { url } of targets) results.push({ url, result: await egress.send(post(url), receiver, never) });
  return { results, connections };
}

const forbidden = await outcomes(table.forbiddenTargets);
const allowed = await outcomes(table.allowedTargets);
const trial: EgressTrial = {
  open,
  forbidden: forbidden.results.map(({ url, result }) => ({
    url,
    kind: result.kind,
    code: result.kind === 'answered' ? null : result.code,
  })),
  forbiddenConnections: forbidden.connections,
  allowed: allowed.results.map(({ url, result }) => ({
    url,
    kind: result.kind,
    status: result.kind === 'answered' ? result.status : null,
  })),
  allowedConnections: allowed.connections,
};
process.stdout.write(`${JSON.stringify(trial)}\n`);
for (const server of servers) server.close();

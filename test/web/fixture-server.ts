import { createReadStream, existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { CommentBody } from '../../server/api/schema/acts.ts';
import type { PreviewBody } from '../../server/api/schema/alerting.ts';
import type { Problem } from '../../server/api/schema/common.ts';
import type { ReplayBody } from '../../server/api/schema/deliveries.ts';
import type { DecisionBody, ExclusionBody } from '../../server/api/schema/exclusions.ts';
import type { SilenceBody, SilenceEndBody } from '../../server/api/schema/silences.ts';
import type { WhatIfBody } from '../../server/api/schema/slos.ts';
import * as act from './fixture-acts.ts';
import { adviceDetail, adviceList, datapathsNow } from './fixture-advice.ts';
import * as api from './fixture-api.ts';
import { breachDetail, breachPage } from './fixture-breaches.ts';
import * as delivery from './fixture-deliveries.ts';
import * as exclusion from './fixture-exclusions.ts';
import { ledgerDetail, ledgerPage } from './fixture-ledger.ts';
import type { Scenario } from './fixture-numbers.ts';
import * as series from './fixture-series.ts';
import * as slos from './fixture-slos.ts';
import { spanOf } from './fixture-span.ts';
import { type FixtureStream, openFixtureStream } from './fixture-stream.ts';
import { explanation, portBursts, portTimeline } from './fixture-timeline.ts';

/** Serves the built page and an API of made-up numbers. The scenario may change while a page is open. */
export interface FixtureServer {
  readonly url: string;
  scenario: Scenario;
  /** While false the stream is refused, and open ones are cut. */
  streaming: boolean;
  /** While true the API does not answer at all: the page stays loading. */
  holding: boolean;
  readonly stream: FixtureStream;
  close(): Promise<void>;
}

const distFolder = fileURLToPath(new URL('../../web/dist/', import.meta.url));

/** The policy the server of the product sends with its pages. */
const contentSecurityPolicy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:";

const contentTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export async function startFixtureServer(scenario: Scenario = 'normal', port = 0): Promise<FixtureServer> {
  const held = new Set<() => void>();
  const state = { scenario, streaming: true, holding: false };
  const stream = openFixtureStream(() => state.scenario);

  const http = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://fixture');
    if (!url.pathname.startsWith('/api/')) sendPage(url.pathname, response);
    else if (url.pathname === '/api/v1/stream' && state.streaming) stream.take(url, request, response);
    else if (request.method === 'POST') void sendChange(url, request, response);
    else if (state.holding) held.add(() => sendApi(state.scenario, url, response));
    else sendApi(state.scenario, url, response);
  });

  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve));
  const { port: bound } = http.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${bound}`,
    get scenario() {
      return state.scenario;
    },
    set scenario(next) {
      state.scenario = next;
    },
    get streaming() {
      return state.streaming;
    },
    set streaming(next) {
      state.streaming = next;
      if (!next) stream.cut();
    },
    stream,
    get holding() {
      return state.holding;
    },
    set holding(next) {
      state.holding = next;
      if (next) return;
      for (const answer of held) answer();
      held.clear();
    },
    close: () => {
      stream.close();
      http.closeAllConnections();
      return new Promise((resolve) => http.close(() => resolve()));
    },
  };
}

function sendPage(path: string, response: ServerResponse): void {
  const file = join(distFolder, normalize(path));
  const found = path !== '/' && file.startsWith(distFolder) && existsSync(file) ? file : join(distFolder, 'index.html');
  response.writeHead(200, {
    'content-type': contentTypes[extname(found)] ?? 'application/octet-stream',
    'content-security-policy': contentSecurityPolicy,
  });
  createReadStream(found).pipe(response);
}

function sendApi(scenario: Scenario, url: URL, response: ServerResponse): void {
  const body = answer(scenario, url, Date.now());
  if (url.pathname === '/api/v1/stream') {
    const closed = api.problem(503, 'FN_STREAM_CLOSED', 'The stream is closed.', '');
    send(response, 503, closed, 'application/problem+json');
  } else if (body === null) {
    send(
      response,
      404,
      api.problem(404, 'FN_NOT_FOUND', `${url.pathname} is not known.`, ''),
      'application/problem+json',
    );
  } else if (scenario === 'error' && !url.pathname.endsWith('/health')) {
    const detail = 'The store did not answer within 5 s.';
    send(
      response,
      503,
      api.problem(503, 'FN_STORE_UNAVAILABLE', detail, 'See the health page; the store may still be starting.'),
      'application/problem+json',
    );
  } else {
    send(response, 200, body, 'application/json');
  }
}

export function answer(scenario: Scenario, url: URL, nowMs: number): unknown {
  const segments = url.pathname.split('/').slice(3).map(decodeURIComponent);
  const [kind, first = '', second = '', third = ''] = segments;
  const span = spanOf(url.searchParams, nowMs);
  const list = <T>(items: T[]) => ({ items, nextCursor: null });
  if (kind === 'health') return api.health(nowMs);
  if (kind === 'ports' && first === '') return api.portPage(scenario, url.searchParams, nowMs);
  if (kind === 'ports' && third === 'series') return series.portSeries(scenario, first, second, span);
  if (kind === 'ports' && third === 'timeline')
    return portTimeline(scenario, first, second, span, url.searchParams.get('queue'));
  if (kind === 'ports' && third === 'bursts') return portBursts(scenario, first, second, span);
  if (kind === 'explain') {
    const { host = '', port = '' } = Object.fromEntries(url.searchParams);
    return explanation(scenario, host, port, span);
  }
  if (kind === 'ports' && third === 'queues') return series.queueSeries(scenario, first, second, span);
  if (kind === 'ports' && third === 'xstats') return api.xstats(scenario, nowMs);
  if (kind === 'slis') {
    const { items: _, ...told } = api.portPage(scenario, url.searchParams, nowMs);
    return { ...told, ...list(api.slis(scenario, url.searchParams, nowMs)) };
  }
  if (kind === 'ledger') {
    return first === ''
      ? ledgerPage(scenario, url.searchParams.get('host') ?? '', span)
      : ledgerDetail(scenario, first, second, span);
  }
  if (kind === 'slos' || kind === 'tenants' || kind === 'breaches' || kind === 'exclusions' || kind === 'credits') {
    return answerSla(scenario, [kind, first, second, third], url.searchParams, nowMs);
  }
  if (kind === 'silences') return act.silencePage(scenario, url.searchParams, nowMs);
  if (kind === 'alerts') return act.alertPage(scenario, nowMs);
  if (kind === 'audit') return act.actPage(scenario, url.searchParams, nowMs);
  if (kind === 'alerting') return delivery.alerting(scenario);
  if (kind === 'remediation') {
    if (first === 'datapaths') return list(datapathsNow(scenario, nowMs));
    return second === '' ? list(adviceList(scenario, nowMs)) : adviceDetail(scenario, second, nowMs);
  }
  if (kind === 'receivers') return list(delivery.receivers(scenario, nowMs));
  if (kind === 'deliveries') {
    return first === ''
      ? delivery.deliveryPage(scenario, url.searchParams, nowMs)
      : delivery.deliveryDetail(scenario, first, nowMs);
  }
  if (kind !== 'hosts') return null;
  const hosts = api.hosts(scenario, nowMs);
  if (first === '') return list(hosts);
  const host = (scenario === 'empty' ? api.hosts('normal', nowMs) : hosts).find((item) => item.host === first);
  if (host === undefined) return null;
  if (second === 'threads') return series.threads(scenario, span);
  if (second === 'stalls') return series.stalls(scenario, span, url.searchParams);
  if (second === 'softnet') return series.softnet(scenario, span);
  return second === '' ? api.hostDetail(scenario, host, nowMs) : null;
}

function answerSla(scenario: Scenario, [kind, first = '', second]: string[], query: URLSearchParams, nowMs: number) {
  const month = query.get('month');
  const list = <T>(items: T[]) => ({ items, nextCursor: null });
  switch (kind) {
    case 'slos':
      if (first === '') return slos.sloPage(scenario, query, nowMs);
      return second === 'budget' ? slos.budget(scenario, first, month, nowMs) : slos.sloDetail(scenario, first, nowMs);
    case 'tenants':
      return first === '' ? list(slos.tenants(scenario)) : slos.calendar(scenario, first, month, nowMs);
    case 'breaches':
      if (second === 'comments') return act.comments(scenario, nowMs);
      return first === '' ? breachPage(scenario, query, nowMs) : breachDetail(scenario, first, nowMs);
    case 'exclusions': {
      if (first !== '') return exclusion.exclusionDetail(scenario, first, nowMs);
      const state = query.get('state');
      return list(exclusion.exclusions(scenario, nowMs).filter((item) => state === null || item.state === state));
    }
    default:
      return list(exclusion.credits(scenario, query.get('tenant') ?? '', nowMs));
  }
}

/** Nothing is kept: what was asked for is judged and answered. */
async function sendChange(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body: unknown = await json(request);
  const [kind, id = '', verb] = url.pathname.split('/').slice(3).map(decodeURIComponent);
  if (kind === 'slos') {
    send(response, 200, slos.whatIf(id, body as WhatIfBody, Date.now()), 'application/json');
  } else if (kind === 'receivers') {
    const told = verb === 'test' ? { delivery: delivery.sentTest } : delivery.enabled(id);
    send(response, 200, told, 'application/json');
  } else if (kind === 'alerting') {
    orRefuse(response, delivery.preview(body as PreviewBody));
  } else if (kind === 'silences' && verb === 'end') {
    send(response, 200, act.endedSilence(id, (body as SilenceEndBody).by, Date.now()), 'application/json');
  } else if (kind === 'silences') {
    const told = id === 'preview' ? act.silencePreview : act.made;
    orRefuse(response, told(body as SilenceBody, Date.now()));
  } else if (kind === 'breaches' && verb === 'comments') {
    send(response, 200, act.said(body as CommentBody, Date.now()), 'application/json');
  } else if (kind === 'deliveries') {
    const told = delivery.replayed(body as ReplayBody);
    const conflict = api.problem(409, 'FN_STATE_CONFLICT', 'it is no dead letter', '');
    if (told !== null) send(response, 200, told, 'application/json');
    else send(response, 409, conflict, 'application/problem+json');
  } else if (kind === 'exclusions' && verb === undefined) {
    send(response, 201, exclusion.requested(body as ExclusionBody, Date.now()), 'application/json');
  } else {
    const errors = exclusion.wrongWithDecision(id, body as DecisionBody, Date.now());
    if (errors === null) send(response, 200, {}, 'application/json');
    else refuse(response, errors);
  }
}

function orRefuse(response: ServerResponse, told: object): void {
  if ('wrong' in told) refuse(response, told.wrong as Problem['errors']);
  else send(response, 200, told, 'application/json');
}

function refuse(response: ServerResponse, errors: Problem['errors']): void {
  const problem = api.problem(400, 'FN_QUERY_PARAMETER', 'The request breaks a rule.', '');
  send(response, 400, { ...problem, title: 'Bad request', errors }, 'application/problem+json');
}

function send(response: ServerResponse, status: number, body: unknown, contentType: string): void {
  response.writeHead(status, { 'content-type': contentType });
  response.end(JSON.stringify(body));
}

import { existsSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import fastifySwagger from '@fastify/swagger';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type RawServerDefault,
} from 'fastify';
import { FourninesError, systemCode } from '../../core/runtime/error.ts';
import type { Part } from '../../core/runtime/lifecycle.ts';
import type { Logger } from '../../core/runtime/logger.ts';
import type { ApiContext } from './context.ts';
import { problemHandler } from './problem.ts';
import { actLinkRoutes } from './routes/act-link.ts';
import { actRoutes } from './routes/acts.ts';
import { alertingRoutes } from './routes/alerting.ts';
import { alertingPreviewRoute } from './routes/alerting-preview.ts';
import { backupRoute } from './routes/backups.ts';
import { breachRoutes } from './routes/breaches.ts';
import { creditRoutes } from './routes/credits.ts';
import { deadLetterRoutes } from './routes/dead-letters.ts';
import { deliveryRoutes } from './routes/deliveries.ts';
import { exclusionRoutes } from './routes/exclusions.ts';
import { explainRoute } from './routes/explain.ts';
import { healthRoute } from './routes/health.ts';
import { hostRoutes } from './routes/hosts.ts';
import { ledgerRoutes } from './routes/ledger.ts';
import { metricsRoute } from './routes/metrics.ts';
import { objectRoutes } from './routes/objects.ts';
import { portRoutes } from './routes/ports.ts';
import { receiverRoutes } from './routes/receivers.ts';
import { remediationRoutes } from './routes/remediation.ts';
import { sealRoutes } from './routes/seals.ts';
import { silenceRoutes } from './routes/silences.ts';
import { sliRoute } from './routes/slis.ts';
import { sloRoutes } from './routes/slos.ts';
import { streamRoute } from './routes/stream.ts';
import { tenantRoutes } from './routes/tenants.ts';

export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** What is answered before the stores are open; the page and /metrics are, too. */
const whileStarting = /^\/api\/v1\/(health|openapi\.json|stream)\b/;
/** What was promised is in the control store. */
const fromControl =
  /^\/api\/v1\/(slos|objects|tenants|exclusions|breaches|credits|deliveries|receivers|alerting|silences|alerts|audit|remediation)\b/;
const pageFolder = fileURLToPath(new URL('../../web/dist/', import.meta.url));
const requestBytesMax = 64 * 1024;
const closeDeadlineMs = 5000;

/** The page needs no script or style from elsewhere; charts set sizes by style attributes. */
const securityHeaders = {
  'content-security-policy':
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

export interface ListenOptions {
  readonly address: string;
  readonly port: number;
}

/** An HTTP instance that checks requests and tells errors as ours does; it has no routes yet. */
export function bareApi(logger: Logger): Api {
  const api = fastify({
    logger: false,
    bodyLimit: requestBytesMax,
    // Charts of one page are asked for together; a client that trickles its request is cut off.
    requestTimeout: 30_000,
    routerOptions: { maxParamLength: 600 },
    forceCloseConnections: true,
    // An unknown parameter is a mistake to be told, not to be removed; all mistakes are told at once.
    ajv: { customOptions: { removeAdditional: false, allErrors: true, coerceTypes: true, useDefaults: true } },
  }).withTypeProvider<TypeBoxTypeProvider>();
  api.setErrorHandler(problemHandler(logger));
  api.addHook('onSend', async (_request, reply) => {
    reply.headers(securityHeaders);
  });
  return api;
}

/** Builds the HTTP instance with every route; nothing listens yet. */
async function buildApi(context: ApiContext, logger: Logger): Promise<Api> {
  const api = bareApi(logger);
  await api.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Fournines', version: context.version, description: 'Every packet accounted for.' },
    },
  });
  await api.register(
    async (scope) => {
      const routes = scope.withTypeProvider<TypeBoxTypeProvider>();
      routes.addHook('onRequest', async (request) => {
        if (context.phase.current !== 'starting' || whileStarting.test(request.url)) return;
        throw new FourninesError('FN_STORE_AWAY', 'the server is starting');
      });
      routes.addHook('onRequest', async (request) => {
        // Making an embedded one takes seconds, once, and holds up nobody else.
        if (!fromControl.test(request.url) || context.control.stats().isOpen) return;
        throw new FourninesError('FN_CONTROL_AWAY', 'the control store is not open yet');
      });
      healthRoute(routes, context);
      hostRoutes(routes, context);
      portRoutes(routes, context);
      ledgerRoutes(routes, context);
      sliRoute(routes, context);
      explainRoute(routes, context);
      sealRoutes(routes, context);
      deadLetterRoutes(routes, context);
      alertingRoutes(routes, context);
      alertingPreviewRoute(routes, context);
      objectRoutes(routes, context);
      exclusionRoutes(routes, { ...context, judging: context.judge });
      breachRoutes(routes, context);
      creditRoutes(routes, context);
      silenceRoutes(routes, context);
      actRoutes(routes, context);
      deliveryRoutes(routes, context);
      receiverRoutes(routes, context);
      remediationRoutes(routes, context);
      sloRoutes(routes, context);
      tenantRoutes(routes, context);
      backupRoute(routes, context);
      streamRoute(routes, context);
      routes.get('/openapi.json', { schema: { hide: true } }, async () => api.swagger());
    },
    { prefix: '/api/v1' },
  );
  await actLinkRoutes(api, context);
  metricsRoute(api, context);
  await servePage(api);
  return api;
}

/** The built page. It routes by itself: whatever a browser asks for that is not ours is its index.html. */
async function servePage(api: Api): Promise<void> {
  const built = existsSync(pageFolder);
  if (built)
    await api.register(fastifyStatic, {
      root: pageFolder,
      wildcard: false,
      preCompressed: true,
      setHeaders: cacheHeaders,
    });
  api.setNotFoundHandler((request, reply) => {
    const [path = ''] = request.url.split('?');
    const wantsPage = request.method === 'GET' && (request.headers.accept ?? '').includes('text/html');
    if (built && wantsPage && !path.startsWith('/api/')) return reply.sendFile('index.html');
    throw new FourninesError('FN_NOT_FOUND', `there is nothing at ${path}`);
  });
}

/** Built files carry a hash of their content in their name; the page itself is asked for anew each time. */
function cacheHeaders(reply: FastifyReply, path: string): void {
  const forever = path.includes('/assets/');
  reply.header('cache-control', forever ? 'public, max-age=31536000, immutable' : 'no-cache');
}

/** The listening server as a part of the process. */
export class ApiPart implements Part {
  readonly name = 'api';
  readonly #context: ApiContext;
  readonly #listen: ListenOptions;
  readonly #logger: Logger;
  #api: Api | undefined;
  #url = '';

  constructor(context: ApiContext, listen: ListenOptions, logger: Logger) {
    this.#context = context;
    this.#listen = listen;
    this.#logger = logger.child({ component: 'api' });
  }

  get url(): string {
    return this.#url;
  }

  async start(): Promise<void> {
    const { address, port } = this.#listen;
    this.#api = await buildApi(this.#context, this.#logger);
    try {
      this.#url = await this.#api.listen({ host: address, port });
    } catch (error) {
      if (systemCode(error) !== 'EADDRINUSE') throw error;
      throw new FourninesError('FN_PORT_IN_USE', `port ${port} of ${address} is taken`, { cause: error });
    }
  }

  async stop(): Promise<void> {
    const api = this.#api;
    if (api === undefined) return;
    // Open event streams end with their connections; a client that will not go is not waited for.
    const late = AbortSignal.timeout(closeDeadlineMs);
    await Promise.race([
      api.close(),
      new Promise<void>((resolve) => late.addEventListener('abort', () => resolve(), { once: true })),
    ]);
  }
}

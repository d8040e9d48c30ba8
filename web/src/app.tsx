import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, RouterProvider } from '@tanstack/react-router';
import { ApiError } from './api/client.ts';
import { AppContext, type App as AppParts } from './app-context.ts';
import { Empty, Failure, Loading } from './components/states.tsx';
import { Shell } from './features/shell/shell.tsx';
import { parseSearch, searchFromString, searchToString } from './url/search.ts';

const rootRoute = createRootRoute({
  component: Shell,
  validateSearch: parseSearch,
  notFoundComponent: () => (
    <Empty title="No such page">Nothing is at this address. The fleet is under the name above.</Empty>
  ),
});

const routeTree = rootRoute.addChildren([
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/',
    component: lazyRouteComponent(() => import('./features/fleet/fleet-page.tsx'), 'FleetPage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/ports',
    component: lazyRouteComponent(() => import('./features/ports/ports-page.tsx'), 'PortsPage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/hosts/$host',
    component: lazyRouteComponent(() => import('./features/host/host-page.tsx'), 'HostPage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/hosts/$host/ports/$port',
    component: lazyRouteComponent(() => import('./features/port/port-page.tsx'), 'PortPage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/hosts/$host/ports/$port/queues',
    component: lazyRouteComponent(() => import('./features/queue/queues-page.tsx'), 'QueuesPage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/hosts/$host/ports/$port/queues/$queue',
    component: lazyRouteComponent(() => import('./features/queue/queue-page.tsx'), 'QueuePage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/objectives',
    component: lazyRouteComponent(() => import('./features/slo/slos-page.tsx'), 'SlosPage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/objectives/$slo',
    component: lazyRouteComponent(() => import('./features/slo/slo-page.tsx'), 'SloPage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/tenants',
    component: lazyRouteComponent(() => import('./features/tenant/tenants-page.tsx'), 'TenantsPage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/tenants/$tenant',
    component: lazyRouteComponent(() => import('./features/tenant/tenant-page.tsx'), 'TenantPage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/breaches',
    component: lazyRouteComponent(() => import('./features/breach/breaches-page.tsx'), 'BreachesPage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/breaches/$id',
    component: lazyRouteComponent(() => import('./features/breach/breach-page.tsx'), 'BreachPage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/exclusions',
    component: lazyRouteComponent(() => import('./features/exclusion/exclusions-page.tsx'), 'ExclusionsPage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/exclusions/$id',
    component: lazyRouteComponent(() => import('./features/exclusion/exclusion-page.tsx'), 'ExclusionPage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/advice',
    component: lazyRouteComponent(() => import('./features/remediation/advice-page.tsx'), 'AdvicePage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/advice/$id',
    component: lazyRouteComponent(() => import('./features/remediation/plan-page.tsx'), 'PlanPage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/notifications',
    component: lazyRouteComponent(() => import('./features/notification/notifications-page.tsx'), 'NotificationsPage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/notifications/$id',
    component: lazyRouteComponent(() => import('./features/notification/notification-page.tsx'), 'NotificationPage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/alerts',
    component: lazyRouteComponent(() => import('./features/alert/alerts-page.tsx'), 'AlertsPage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/silences',
    component: lazyRouteComponent(() => import('./features/silence/silences-page.tsx'), 'SilencesPage'),
  }),
  createRoute({
    getParentRoute: () => rootRoute,
    path: '/audit',
    component: lazyRouteComponent(() => import('./features/audit/audit-page.tsx'), 'AuditPage'),
  }),
]);

const router = createRouter({
  routeTree,
  parseSearch: searchFromString,
  stringifySearch: searchToString,
  defaultPreload: 'intent',
  defaultPendingComponent: () => <Loading what="page" />,
  defaultErrorComponent: ({ error, reset }) => <Failure error={error} retry={reset} />,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

/** One try more for what may pass by itself; what is wrong with the request stays wrong. */
const retriesMax = 1;
const retryDelayMs = 700;

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (failures, error) => failures < retriesMax && error instanceof ApiError && error.retryable,
      retryDelay: retryDelayMs,
      staleTime: 1_000,
    },
  },
});

export function App({ parts }: { readonly parts: AppParts }) {
  return (
    <AppContext value={parts}>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </AppContext>
  );
}

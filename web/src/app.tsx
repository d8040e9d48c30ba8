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

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { DoneBy } from '../../../server/api/schema/acts.ts';
import type { SentTest } from '../../../server/api/schema/alerting.ts';
import type { Delivery, DeliveryDetail, Replayed } from '../../../server/api/schema/deliveries.ts';
import type { Receiver, ReceiverPage } from '../../../server/api/schema/receivers.ts';
import { apiPath, getJson, getPages, postJson } from './client.ts';
import { useEndless } from './endless.ts';
import { type DeliveryFilter, keys, paceMs } from './keys.ts';

export function useDeliveries({ receiver, tenant, state }: DeliveryFilter) {
  return useEndless<Delivery>({
    queryKey: keys.deliveries({ receiver, tenant, state }),
    segments: ['deliveries'],
    params: { receiver, tenant, state },
    everyMs: paceMs.slos,
  });
}

export function useDelivery(id: string, everyMs: number = paceMs.slos) {
  return useQuery({
    queryKey: keys.delivery(id),
    queryFn: ({ signal }) => getJson<DeliveryDetail>(apiPath(['deliveries', id]), signal),
    refetchInterval: everyMs,
  });
}

export function useReceivers() {
  return useQuery({
    queryKey: keys.receivers,
    queryFn: ({ signal }) => getPages<Receiver, ReceiverPage>(['receivers'], {}, signal),
    refetchInterval: paceMs.slos,
  });
}

/** Lets a dead letter go out again. */
export function useReplay(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (said: DoneBy) => postJson<Replayed>(['deliveries', 'replay'], { id, ...said }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['deliveries'] }),
  });
}

interface ToReceiver {
  readonly receiver: string;
  readonly said: DoneBy;
}

export function useEnable() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ receiver, said }: ToReceiver) => postJson<Receiver>(['receivers', receiver, 'enable'], said),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.receivers }),
  });
}

/** Sends a test; what became of it is told by its delivery. */
export function useSendTest() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ receiver, said }: ToReceiver) => postJson<SentTest>(['receivers', receiver, 'test'], said),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['deliveries'] }),
  });
}

import { FourninesError } from '../../core/runtime/error.ts';

/** Ends work for a caller that is gone. */
export function closedSignal(reply: NodeJS.EventEmitter & { readonly writableFinished: boolean }): AbortSignal {
  const closed = new AbortController();
  reply.once('close', () => {
    if (!reply.writableFinished) closed.abort(new FourninesError('FN_SERVER_STOPPING', 'the caller is gone'));
  });
  return closed.signal;
}

import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { toFourninesError } from '../../../core/runtime/error.ts';
import { linkPath } from '../../alerts/act-links.ts';
import { LinkedAct, type LinkState } from '../../alerts/linked-act.ts';
import { ActLog } from '../../control/act-log.ts';
import { BreachStore } from '../../control/breach-store.ts';
import { SilenceStore } from '../../control/silence-store.ts';
import { isoOf } from '../../slo/instant.ts';
import {
  type ActPage,
  actPageHeaders,
  actPageHtml,
  commentLengthMax,
  silenceHours,
  whoLengthMax,
} from '../act-page.ts';
import type { ApiContext } from '../context.ts';
import { statusOf } from '../problem.ts';
import type { Api } from '../server.ts';

export interface ActLinkContext extends Pick<ApiContext, 'nowMs' | 'version' | 'links'> {
  readonly desk: ConstructorParameters<typeof LinkedAct>[0]['desk'];
  readonly control: Pick<ApiContext['control'], 'store'>;
}

const querystring = Type.Object({ link: Type.Optional(Type.String({ maxLength: 2_000 })) });
/** A name, a remark, hours. */
const formBytesMax = 16_384;

/** Pages behind the links of notifications. To look changes nothing, since programs look, too; only the form acts. */
export async function actLinkRoutes(api: Api, { control, desk, links, nowMs, version }: ActLinkContext): Promise<void> {
  const linked = new LinkedAct({
    ...{ links, desk, nowMs, engine: version },
    acts: new ActLog(control.store),
    breaches: new BreachStore(control.store),
    silences: new SilenceStore(control.store),
  });
  // Beside the forms of links nothing here takes a form.
  await api.register(async (scope) => {
    const routes = scope as Api;
    routes.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: formBytesMax },
      async (_request: unknown, body: string) => new URLSearchParams(body),
    );
    // Behind those of the whole server, which are for its page.
    routes.addHook('onSend', async (_request, reply) => {
      reply.headers(actPageHeaders);
    });
    routes.setErrorHandler(async (error, _request, reply) => {
      const { code, hint } = toFourninesError(error);
      const isForm = 'statusCode' in (error as object) && Number((error as { statusCode?: unknown }).statusCode) < 500;
      const status = isForm ? 400 : (statusOf[code] ?? 500);
      const lines = isForm ? ['The form cannot be read.'] : [hint, `Try the same link again. (${code})`];
      return show(reply, status, { title: 'That did not work', lines });
    });
    routes.get(linkPath, { schema: { querystring, hide: true } }, async ({ query }, reply) => {
      const state = await linked.look(query.link ?? '');
      return show(reply, state.kind === 'used' ? 200 : statusOfState(state), pageOf(state));
    });
    routes.post(linkPath, { schema: { querystring, hide: true } }, async ({ query, body }, reply) => {
      const token = query.link ?? '';
      const before = await linked.look(token);
      if (before.kind !== 'open') return show(reply, statusOfState(before), pageOf(before));
      const form = body instanceof URLSearchParams ? body : new URLSearchParams();
      const who = (form.get('who') ?? '').trim();
      const comment = (form.get('comment') ?? '').trim();
      const hours = silenceHours.find((each) => String(each) === form.get('hours'));
      const { act } = before.claim;
      const mistake = mistakeOf(who, comment, act === 'silence' ? { hours } : undefined);
      if (mistake !== undefined) {
        const page = pageOf(before);
        return show(reply, 400, { ...page, lines: [mistake, ...page.lines] });
      }
      const after = await linked.use(token, { who, comment, hours: hours ?? 0 });
      return show(reply, after.kind === 'used' ? 200 : statusOfState(after), pageOf(after));
    });
  });
}

function show(reply: FastifyReply, status: number, page: ActPage): FastifyReply {
  return reply.status(status).type('text/html; charset=utf-8').send(actPageHtml(page));
}

function mistakeOf(
  who: string,
  comment: string,
  silence: { readonly hours: number | undefined } | undefined,
): string | undefined {
  const isText = (text: string, max: number) => text.length <= max && !text.includes('\0');
  if (who === '' || !isText(who, whoLengthMax))
    return `Nothing was done: a name of 1 to ${whoLengthMax} characters is missing.`;
  if (!isText(comment, commentLengthMax))
    return `Nothing was done: the remark is longer than ${commentLengthMax} characters.`;
  if (silence === undefined) return undefined;
  if (comment === '') return 'Nothing was done: why it shall be quiet is missing.';
  return silence.hours === undefined ? 'Nothing was done: for how long is missing.' : undefined;
}

function statusOfState({ kind }: LinkState): number {
  switch (kind) {
    case 'forged':
      return 403;
    case 'expired':
    case 'gone':
      return 410;
    case 'used':
    case 'over':
    case 'worse':
      return 409;
    case 'open':
      return 200;
  }
}

function pageOf(state: LinkState): ActPage {
  switch (state.kind) {
    case 'forged':
      return {
        title: 'This link is none of ours',
        lines: ['It may have been cut or changed on its way. Open it again from the message.'],
      };
    case 'expired':
      return {
        title: 'This link is too old',
        lines: [`It was good until ${isoOf(state.claim.until)}. Use a later message, or the page.`],
      };
    case 'gone':
      return {
        title: 'This link is worth nothing any more',
        lines: ['Its receiver, or what it was about, is no longer there.'],
      };
    case 'used': {
      const { act, by, atMs, comment, details } = state.act;
      const what = act === 'silence.made' ? `made a silence until ${details['endsAt'] ?? ''}` : 'takes care of it';
      const said = comment === '' ? [] : [`They said: ${comment}`];
      const when = isoOf(Math.floor(atMs / 1_000));
      return {
        title: 'This is done',
        lines: [`${by}: ${what}. Done ${when}.`, ...said, 'The link was good for this once.'],
      };
    }
    case 'over':
      return { title: 'It is over', lines: [state.alert.facts.summary, 'There is nothing left to take care of.'] };
    case 'worse': {
      const lines = [
        state.alert.facts.summary,
        'The message that this link came with does not say so. Use a later one, or the page.',
      ];
      return { title: 'It has become worse, or begun anew, since', lines };
    }
    case 'open': {
      const { alert, claim } = state;
      const what = `${alert.facts.objective.name} (${alert.severity}), since ${isoOf(alert.startsAt)}`;
      const title = claim.act === 'silence' ? 'Be quiet about it for a while' : 'I take care of it';
      const lines = [what, alert.facts.summary, `This link was given to ${claim.receiver}. Nothing has been done yet.`];
      return { title, lines, form: claim.act };
    }
  }
}

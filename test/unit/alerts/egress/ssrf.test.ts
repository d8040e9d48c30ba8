import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createEgress, type Egress } from '../../../../alerts/egress/egress.ts';
import { type ReceiverRules, readEgressRules, readReceiverRules } from '../../../../alerts/egress/rules.ts';
import { Authority } from './certificates.ts';
import { Listener, never, ownLookups, post, ScriptedNames, WholeWorld } from './network.ts';
import {
  allowedTargets,
  answersByName,
  forbiddenTargets,
  localAddresses,
  ownNames,
  receiver as receiverSettings,
  settings,
} from './ssrf-targets.ts';

interface Seen {
  readonly host: string | undefined;
  readonly url: string | undefined;
}

describe('the table of targets, in a network where every address answers', () => {
  let authority: Authority;
  let listener: Listener;
  let receiver: ReceiverRules;
  let world: WholeWorld;
  let names: ScriptedNames;
  let egress: Egress;
  const seen: Seen[] = [];
  const hostOf = (url: string) => new URL(url).hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');

  beforeAll(async () => {
    authority = new Authority();
    const certificate = authority.issue([...new Set(allowedTargets.map(({ url }) => hostOf(url)))]);
    listener = await Listener.https(certificate, (request, response) => {
      seen.push({ host: request.headers.host, url: request.url });
      response.writeHead(204).end();
    });
    receiver = readReceiverRules({ ...receiverSettings, ca: authority.pem });
  });

  beforeEach(() => {
    listener.connections = 0;
    seen.length = 0;
    world = new WholeWorld(listener);
    names = ScriptedNames.of(answersByName);
    egress = createEgress(readEgressRules(settings), {
      resolver: names,
      dial: world.dial,
      ownLookups: ownLookups(localAddresses, ownNames),
    });
  });

  afterAll(async () => {
    await listener[Symbol.asyncDispose]();
    authority[Symbol.dispose]();
  });

  it('has forty targets at least, each once', () => {
    const urls = forbiddenTargets.map(({ url }) => url);
    expect(urls.length).toBeGreaterThanOrEqual(40);
    expect(new Set(urls).size).toBe(urls.length);
  });

  it.each(forbiddenTargets)('$url is refused: $why', async ({ url, code }) => {
    const result = await egress.send(post(url), receiver, never);
    expect(result).toMatchObject({ kind: 'refused', code, address: null });
    expect(world.dialled).toEqual([]);
    expect(listener.connections).toBe(0);
    expect(await egress.check(url, receiver, never)).toMatchObject({ kind: 'refused', code });
  });

  it.each(allowedTargets)('$url is reached: $why', async ({ url, answers }) => {
    const result = await egress.send(post(url), receiver, never);
    expect(result).toMatchObject({ kind: 'answered', status: 204 });
    expect(listener.connections).toBe(1);
    const { host, pathname, search, port } = new URL(url);
    expect(seen).toEqual([{ host: host.replace(/\.(?=:|$)/, ''), url: pathname + search }]);
    expect(world.dialled).toEqual([`${result.address} ${port || '443'}`]);
    if (answers !== undefined) expect(answers).toContain(result.address);
  });

  it('all forbidden ones at once: no connection, and each name is asked for once', async () => {
    const results = await Promise.all(forbiddenTargets.map(({ url }) => egress.send(post(url), receiver, never)));
    expect(results.filter(({ kind }) => kind !== 'refused')).toEqual([]);
    expect(world.dialled).toEqual([]);
    expect(listener.connections).toBe(0);
    expect(new Set(names.asked).size).toBe(names.asked.length);
  });

  it('what is told of a refusal has neither path nor password of the URL', async () => {
    for (const url of ['https://10.0.0.1/secret-path?secret-key', 'https://u:secret-word@93.184.216.34/secret-path']) {
      const result = await egress.send(post(url), receiver, never);
      expect(JSON.stringify(result)).not.toContain('secret');
    }
  });
});

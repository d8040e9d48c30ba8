import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseAddress } from '../../../../alerts/egress/address.ts';
import { type OwnAddress, ownPlaceOf, parseOwnAddress } from '../../../../alerts/egress/own-address.ts';
import { type OwnLookups, OwnWatch, systemLookups } from '../../../../alerts/egress/own-watch.ts';

function entries(...texts: readonly string[]): OwnAddress[] {
  return texts.map((text) => parseOwnAddress(text) ?? expect.fail(text));
}

/** A network whose names can move, be slow or fail, and a clock beside it. */
class Scene {
  nowMs = 0;
  asked = 0;
  local: readonly string[] = ['127.0.0.1', '::1', 'fe80::1'];
  answer: () => Promise<readonly string[]> = async () => ['10.0.0.5'];
  readonly lookups: OwnLookups = {
    localAddresses: () => this.local,
    addressesOf: () => {
      this.asked++;
      return this.answer();
    },
  };

  watch(...texts: readonly string[]): OwnWatch {
    return new OwnWatch(entries(...texts), this.lookups, () => this.nowMs);
  }
}

async function placeOf(watch: OwnWatch, text: string, port: number): Promise<string | undefined> {
  const places = await watch.places();
  const address = parseAddress(text);
  if (places === null || address === null) return 'unknown';
  return ownPlaceOf(places, address, port);
}

describe("where the product's own addresses are", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('ranges and hosts, at their port or at any', async () => {
    const watch = new Scene().watch('10.1.0.0/24', '10.0.0.7:9092', '10.0.0.8');
    expect(await placeOf(watch, '10.1.0.9', 443)).toBe('10.1.0.0/24');
    expect(await placeOf(watch, '10.0.0.7', 9092)).toBe('10.0.0.7:9092');
    expect(await placeOf(watch, '10.0.0.7', 443)).toBeUndefined();
    expect(await placeOf(watch, '10.0.0.8', 443)).toBe('10.0.0.8');
  });

  it('every address of this machine is one, but loopback, which has a rule of its own', async () => {
    const scene = new Scene();
    scene.local = ['127.0.0.1', '192.168.1.9', '2a00::9'];
    const watch = scene.watch();
    expect(await placeOf(watch, '192.168.1.9', 443)).toBe('this machine');
    expect(await placeOf(watch, '2a00::9', 443)).toBe('this machine');
    expect(await placeOf(watch, '127.0.0.1', 443)).toBeUndefined();
  });

  it('a name is looked up once for many, and again after ten seconds', async () => {
    const scene = new Scene();
    const watch = scene.watch('kafka:9092', 'kafka:9093');
    await Promise.all(Array.from({ length: 5 }, () => watch.places()));
    expect(await placeOf(watch, '10.0.0.5', 9093)).toBe('kafka:9093');
    expect(scene.asked).toBe(1);
    scene.answer = async () => ['10.0.0.6', '::ffff:10.0.0.7'];
    scene.nowMs = 10_000;
    expect(await placeOf(watch, '10.0.0.6', 9092)).toBe('kafka:9092');
    expect(await placeOf(watch, '10.0.0.7', 9092)).toBe('kafka:9092');
    expect(await placeOf(watch, '10.0.0.5', 9092)).toBeUndefined();
    expect(scene.asked).toBe(2);
  });

  it('one that cannot be looked up any more stays where it was', async () => {
    const scene = new Scene();
    const watch = scene.watch('kafka');
    await watch.places();
    for (const answer of [() => Promise.reject(new Error('away')), async () => []]) {
      scene.answer = answer;
      scene.nowMs += 10_000;
      expect(await placeOf(watch, '10.0.0.5', 1)).toBe('kafka');
    }
    expect(scene.asked).toBe(3);
  });

  it('one that was never found leaves all unknown, until it is', async () => {
    const scene = new Scene();
    scene.answer = () => Promise.reject(new Error('away'));
    const watch = scene.watch('kafka', '10.1.0.0/24');
    expect(await watch.places()).toBeNull();
    scene.answer = async () => ['10.0.0.5'];
    expect(await placeOf(watch, '10.0.0.5', 1)).toBe('kafka');
  });

  it('a machine that does not tell its own leaves all unknown', async () => {
    const scene = new Scene();
    const lookups: OwnLookups = { ...scene.lookups, localAddresses: () => null };
    expect(await new OwnWatch(entries('10.1.0.0/24'), lookups, () => 0).places()).toBeNull();
  });

  it('one that hangs is waited for three seconds, and never asked for twice at once', async () => {
    vi.useFakeTimers();
    const scene = new Scene();
    let answer: (addresses: readonly string[]) => void = () => undefined;
    scene.answer = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    const watch = scene.watch('kafka');
    for (let call = 1; call <= 3; call++) {
      const places = watch.places();
      await vi.advanceTimersByTimeAsync(3000);
      expect(await places).toBeNull();
    }
    expect(scene.asked).toBe(1);
    answer(['10.0.0.5']);
    await vi.advanceTimersByTimeAsync(0);
    scene.answer = async () => ['10.0.0.6'];
    expect(await placeOf(watch, '10.0.0.6', 1)).toBe('kafka');
  });

  it('the system knows localhost, and this machine', async () => {
    expect(await systemLookups.addressesOf('localhost')).toContain('127.0.0.1');
    expect(systemLookups.localAddresses()).toContain('127.0.0.1');
  });
});

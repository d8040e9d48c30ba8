import { readFileSync } from 'node:fs';
import type { PciId } from '../../../core/counters/recognise.ts';
import { systemCode } from '../../../core/runtime/error.ts';

const address = /^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]/;

/** Vendor and device of an ethdev that is named after its PCI address; null for others, and where /sys hides it. */
export function pciIdOf(sysRoot: string, ethdevName: string): PciId | null {
  const found = address.exec(ethdevName)?.[0];
  if (found === undefined) return null;
  const [vendor, device] = ['vendor', 'device'].map((file) => readHex(`${sysRoot}/bus/pci/devices/${found}/${file}`));
  return vendor === undefined || device === undefined ? null : { vendor, device };
}

function readHex(path: string): number | undefined {
  try {
    const text = readFileSync(path, 'latin1').trim();
    return /^0x[0-9a-f]{1,8}$/i.test(text) ? Number.parseInt(text, 16) : undefined;
  } catch (error) {
    // Whatever is in the way, the driver is then told by the names of its counters.
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}

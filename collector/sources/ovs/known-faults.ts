/** First releases in which `dpctl/show -s` gives back the reference it takes to a port whose counters cannot be read. */
const mendedIn: Readonly<Record<string, number>> = { '3.1': 6, '3.2': 4, '3.3': 2 };

/**
 * Whether `dpctl/show -s` harms this version of Open vSwitch while a vhost port has no guest. In 3.1.0 to 3.1.5, 3.2.0 to
 * 3.2.3, 3.3.0 and 3.3.1 each call keeps a reference to every such port for ever (OVS commit "dpctl: Fix netdev
 * reference leak in show command", July 2024): when the port is deleted its vhost socket stays registered, takes the
 * connection of the next guest on that path, and its memory stays. Seen with Debian's 3.1.0. A packager may have mended
 * an older version without renaming it; a version that cannot be read counts as harmed.
 *
 * `version` is what the daemon answers to `version`: the column ovs_version is written by start scripts, if at all, and
 * may be of another release than the one that runs.
 */
export function isHarmedByShow(version: string | undefined): boolean {
  const [, major = '', minor = '', patch = ''] = /\b(\d{1,4})\.(\d{1,4})\.(\d{1,4})/.exec(version ?? '') ?? [];
  if (major === '') return true;
  const mended = mendedIn[`${major}.${minor}`];
  return mended !== undefined && Number(patch) < mended;
}

const names = [
  'act-commands',
  'advice',
  'advice-gates',
  'api',
  'attribution',
  'attribution-rings',
  'backup',
  'breaches',
  'delivery-commands',
  'evaluate',
  'exactly-once',
  'explain',
  'ingest',
  'ingest-letters',
  'judge',
  'ledger',
  'live-parity',
  'plan-command',
  'seal',
  'seal-cluster',
  'seal-rollups',
  'seal-uplinks',
  'simulate-command',
  'stalls-api',
  'store-queries',
  'store-revisions',
  'timeline',
  'watermark',
];

/**
 * System tests that run beside each other: only the product itself and embedded stores, in folders of their own and on ports
 * that the kernel gives, and nothing in them is measured in time. What is not named here runs alone.
 */
export const besideOthers = names.map((name) => `test/system/${name}.test.ts`);

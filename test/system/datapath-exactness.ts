/**
 * Sends known numbers of packets through a real OVS-DPDK and holds three counts beside each other: the generators', the
 * datapath's own (`dpctl/show -s` with traffic stopped), and the API's sums over the window. Then the ledger of the
 * window and of each second of it.
 *
 *     node test/system/datapath-exactness.ts [--packets N] [--pps P] [--faults] [--kafka]   (root; starts a lab of its own)
 *
 * With --faults it goes on: kill -9 of a guest, of the collector and of ovs-vswitchd, each under load. With --kafka a real
 * broker stands between collector and server, and is stopped for two minutes, then killed, under load.
 */
import { parseArgs } from 'node:util';
import { KafkaBroker } from '../lab/kafka/broker.ts';
import { startLab } from '../lab/lab.ts';
import { startProduct } from '../lab/product.ts';
import { proveBurst } from './datapath-burst.ts';
import { proveBrokerAway, proveFaults } from './datapath-faults.ts';
import { ProductApi } from './product-api.ts';

const { values: options } = parseArgs({
  options: {
    packets: { type: 'string', default: '200000' },
    pps: { type: 'string', default: '50000' },
    port: { type: 'string', default: '18080' },
    faults: { type: 'boolean', default: false },
    kafka: { type: 'boolean', default: false },
  },
});
const write = (line: string) => process.stdout.write(line);
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());

const lab = await startLab({ testpmd: { ports: 8, rxQueues: 4, txQueues: 4 }, signal: stop.signal });
const httpPort = Number(options.port);
let wrong = 0;
let broker: KafkaBroker | undefined;
try {
  broker = options.kafka ? await KafkaBroker.start() : undefined;
  let product = await startProduct(lab, lab.state, httpPort, stop.signal, broker?.plain);
  const api = new ProductApi(product.url);
  wrong += await proveBurst({ lab, api, packets: Number(options.packets), pps: Number(options.pps), write });
  const fault = { lab, api, httpPort, signal: stop.signal, write };
  if (broker !== undefined) wrong += await proveBrokerAway({ ...fault, product }, broker);
  if (options.faults) {
    const faults = await proveFaults({ ...fault, product }, broker);
    wrong += faults.wrong;
    product = faults.product;
  }
  await product.process.stop();
} finally {
  await broker?.stop();
  await lab.stop();
}
write(wrong === 0 ? '\nall differences are 0\n' : `\n${wrong} lines differ\n`);
process.exitCode = wrong === 0 ? 0 : 1;

/** A thread that simulates one host after another; it is told which, and answers with its scores or with what went wrong. */
import { parentPort } from 'node:worker_threads';
import { type HostTask, simulateHost } from '../server/remediation/simulator/simulate-host.ts';
import type { HostAnswer } from './simulation.ts';

const port = parentPort;
port?.on('message', (task: HostTask) => {
  let answer: HostAnswer;
  try {
    answer = { scores: simulateHost(task) };
  } catch (error) {
    answer = { failure: error instanceof Error ? error.message : String(error) };
  }
  port.postMessage(answer);
});

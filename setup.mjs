// Makes a fresh clone ready, then runs it: `node setup.mjs start|test|build [arguments]`.
// This file keeps to syntax that any Node with ES modules can read, so that an old one gets a sentence, not a stack.
import process from 'node:process';

const nodeMajorMin = 18;

function refuse(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(3);
}

if (Number(process.versions.node.split('.')[0]) < nodeMajorMin) {
  refuse(
    `Fournines is set up with Node ${nodeMajorMin} or newer, and this is Node ${process.versions.node}. ` +
      'Install a newer one (apt-get install nodejs npm); Node 24 itself then comes with the dependencies.',
  );
}
if (process.platform !== 'linux') {
  refuse(
    `Fournines reads Linux hosts and runs on Linux only; this is ${process.platform}. A virtual machine or a container does.`,
  );
}

import('./setup/main.mjs')
  .then((main) => main.run(process.argv.slice(2)))
  .then(
    (code) => process.exit(code),
    (error) => {
      process.stderr.write(`${error.isSetupError ? error.message : error.stack}\n`);
      process.exit(error.isSetupError ? error.exitCode : 1);
    },
  );

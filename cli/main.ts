import { Command, CommanderError } from 'commander';
import { FourninesError, toFourninesError } from '../core/runtime/error.ts';
import type { ErrorCode } from '../core/runtime/error-catalogue.ts';
import { alertingCommand } from './commands/alerting.ts';
import { alertsCommand } from './commands/alerts.ts';
import { auditCommand } from './commands/audit.ts';
import { backupCommand } from './commands/backup.ts';
import { breachesCommand } from './commands/breaches.ts';
import { collectorCommand } from './commands/collector.ts';
import { configCommand } from './commands/config.ts';
import { deadLettersCommand } from './commands/dead-letters.ts';
import { deliveriesCommand } from './commands/deliveries.ts';
import { evaluateCommand } from './commands/evaluate.ts';
import { exclusionsCommand } from './commands/exclusions.ts';
import { explainCommand } from './commands/explain.ts';
import { exportSlotsCommand } from './commands/export-slots.ts';
import { planCommand } from './commands/plan.ts';
import { receiversCommand } from './commands/receivers.ts';
import { restoreCommand } from './commands/restore.ts';
import { serverCommand } from './commands/server.ts';
import { silencesCommand } from './commands/silences.ts';
import { simulateCommand } from './commands/simulate.ts';
import { sloCommand } from './commands/slo.ts';
import { upCommand } from './commands/up.ts';
import { verifyCommand } from './commands/verify.ts';
import { verifySealsCommand } from './commands/verify-seals.ts';
import { webhooksCommand } from './commands/webhooks.ts';
import { productVersion } from './version.ts';

/** Exit codes: 0 yes, 1 no or a failed check, 2 bad input or usage, 3 a dependency is not there. */
const exitOf: Partial<Record<ErrorCode, number>> = {
  FN_USAGE: 2,
  FN_CONFIG: 2,
  FN_QUERY_PARAMETER: 2,
  FN_BACKUP_ELSEWHERE: 2,
  FN_RESTORE_UNFINISHED: 2,
  FN_BACKUP_BUSY: 3,
  FN_BACKUP_FOLDER: 3,
  FN_SLOTS_FILE: 2,
  FN_OBJECTIVE_FILE: 2,
  FN_EXCLUSIONS_FILE: 2,
  FN_OBJECT_FILE: 2,
  FN_ALERTING_FILE: 2,
  FN_PLAN_INPUT: 2,
  FN_WEBHOOK_KEY: 2,
  FN_FOLDER: 3,
  FN_FOLDER_LOCKED: 3,
  FN_DISK_FULL: 3,
  FN_PORT_IN_USE: 3,
  FN_NATIVE_MISSING: 3,
  FN_STORE_AWAY: 3,
  FN_CONTROL_AWAY: 3,
  FN_BUS_AWAY: 3,
  FN_BUS_TOPIC: 3,
  FN_BUS_REFUSED: 3,
  FN_SERVER_AWAY: 3,
  FN_SERVER_STOPPING: 3,
};

function program(): Command {
  return new Command('fournines')
    .description('Proof of service for packet-processing hosts: every packet accounted for.')
    .version(productVersion, '-V, --version')
    .showHelpAfterError('(fournines --help lists the commands)')
    .addHelpText(
      'after',
      '\nExit codes: 0 yes, 1 no or a failed check, 2 bad input or usage, 3 a dependency is not there.',
    )
    .addCommand(upCommand())
    .addCommand(serverCommand())
    .addCommand(collectorCommand())
    .addCommand(exportSlotsCommand())
    .addCommand(verifySealsCommand())
    .addCommand(explainCommand())
    .addCommand(evaluateCommand())
    .addCommand(planCommand())
    .addCommand(simulateCommand())
    .addCommand(verifyCommand())
    .addCommand(sloCommand())
    .addCommand(alertingCommand())
    .addCommand(alertsCommand())
    .addCommand(silencesCommand())
    .addCommand(breachesCommand())
    .addCommand(auditCommand())
    .addCommand(exclusionsCommand())
    .addCommand(deadLettersCommand())
    .addCommand(deliveriesCommand())
    .addCommand(receiversCommand())
    .addCommand(webhooksCommand())
    .addCommand(backupCommand())
    .addCommand(restoreCommand())
    .addCommand(configCommand());
}

/** Lets commander throw instead of ending the process, in every command. */
function throwing(command: Command): Command {
  command.exitOverride();
  for (const child of command.commands) throwing(child);
  return command;
}

async function run(argv: readonly string[]): Promise<number> {
  try {
    await throwing(program()).parseAsync(argv);
    return 0;
  } catch (error) {
    // Commander has already printed help, the version, or what is wrong with the usage.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const told = toFourninesError(error);
    process.stderr.write(`fournines: ${told.message}\n  ${told.hint} (${told.code})\n`);
    if (!(error instanceof FourninesError) && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
    return exitOf[told.code] ?? 1;
  }
}

// A reader that goes away (| head) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

const code = await run(process.argv);
// A command that ran to its end may have set a code of its own.
if (code !== 0) process.exitCode = code;

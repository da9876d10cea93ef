import 'reflect-metadata';
import { Command } from 'commander';
import { explainCommand } from './api/explain';
import { generateCommand } from './api/generate';
import { keysCommand } from './api/keys';
import { exportCommand, importCommand } from './api/transfer';
import { demoCommand } from './demo/demo';
import { deadLettersCommand } from './operations/dead-letters';
import { replayCommand } from './operations/replay';
import { verifyCommand } from './operations/verify';
import { simulateCommand } from './simulate/simulate';
import { statsCommand } from './stats';

const program = new Command('pataka').description('operates Pataka: against PATAKA_URL with PATAKA_ADMIN_TOKEN, or on the data itself (replay, verify, dead-letters)');
for (const command of [replayCommand(), verifyCommand(), deadLettersCommand(), importCommand(), exportCommand(), keysCommand(), explainCommand(), generateCommand(), simulateCommand(), statsCommand(), demoCommand()]) program.addCommand(command);

program.parseAsync().catch((error: Error) => {
  process.stderr.write(`pataka: ${error.message}\n`);
  process.exitCode = 1;
});

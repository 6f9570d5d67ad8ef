#!/usr/bin/env node
// Makes this computer ready for `npm start` and `npm test`; silent and instant when it is.
import { register } from 'tsx/esm/api';

register();
const [{ setup }, { printError }] = await Promise.all([import('../src/cli/setup.ts'), import('../src/cli/output.ts')]);
try {
  await setup();
} catch (error) {
  printError(error);
  process.exitCode = 3;
}

#!/usr/bin/env node
// Runs all static checks side by side and shows what those that fail have to say.
import { register } from 'tsx/esm/api';

register();
const { run } = await import('../src/base/process.ts');
const checks = ['typecheck', 'lint', 'format:check', 'generate:check', 'knip'];
const failed = await Promise.all(
  checks.map(async (name) => {
    const { exitCode, stdout, stderr } = await run('npm', ['run', '--silent', name]);
    process.stderr.write(exitCode === 0 ? `✓ ${name}\n` : `✗ ${name}\n${stdout}\n${stderr}\nAgain: npm run ${name}\n`);
    return exitCode !== 0;
  }),
);
if (failed.includes(true)) process.exitCode = 1;

import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The root of the checkout: where guest/, specs/ and kernel-configs/ stand. */
export const projectRoot = resolve(import.meta.dirname, '../..');

/** Where downloads, images and kernels are kept: KERNSPEC_CACHE_DIR, else XDG_CACHE_HOME/kernspec, else ~/.cache/kernspec. */
export const cacheDir = (env: NodeJS.ProcessEnv = process.env): string =>
  resolve(env['KERNSPEC_CACHE_DIR'] ?? join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'kernspec'));

/** Where the claims stand: KERNSPEC_SPECS_DIR, else specs/ in the checkout. */
export const specsDir = (env: NodeJS.ProcessEnv = process.env): string =>
  resolve(env['KERNSPEC_SPECS_DIR'] ?? join(projectRoot, 'specs'));

/** Where runs leave their records and evidence: KERNSPEC_RUNS_DIR, else .kernspec/runs in the checkout. */
export const runsDir = (env: NodeJS.ProcessEnv = process.env): string =>
  resolve(env['KERNSPEC_RUNS_DIR'] ?? join(projectRoot, '.kernspec/runs'));

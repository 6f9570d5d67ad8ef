import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../base/paths.ts';

/** The version of kernspec, from package.json. */
export const packageVersion = (
  JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { readonly version: string }
).version;

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../base/paths.ts';
import { KnownInits, type KnownInit } from '../inits/known.ts';

/** The inits of guest/inits/known.json. */
export const readKnownInits = async (): Promise<readonly KnownInit[]> =>
  KnownInits.parse(JSON.parse(await readFile(join(projectRoot, 'guest/inits/known.json'), 'utf8')));

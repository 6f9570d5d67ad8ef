import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { prettifyError } from 'zod';
import { UsageError } from '../base/errors.ts';
import { projectRoot } from '../base/paths.ts';
import { Catalogue } from '../kernels/catalogue.ts';

/**
 * kernel-configs/catalogue.json.
 *
 * @throws UsageError when it is not what it should be
 */
export const readCatalogue = (): Catalogue => {
  const path = join(projectRoot, 'kernel-configs/catalogue.json');
  const parsed = Catalogue.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!parsed.success) throw new UsageError(`${path} is not a catalogue.`, { details: prettifyError(parsed.error) });
  return parsed.data;
};

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../base/paths.ts';
import { runSchema } from './schema.ts';

test('docs/schema/run.schema.json is fresh; otherwise: npm run generate', async () => {
  const published = await readFile(join(projectRoot, 'docs/schema/run.schema.json'), 'utf8');
  expect(JSON.parse(published)).toEqual(JSON.parse(runSchema()));
});

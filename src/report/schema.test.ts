import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../base/paths.ts';
import { schemas } from './schema.ts';

test.each(Object.entries(schemas()))('docs/schema/%s is fresh; otherwise: npm run generate', async (name, text) => {
  const published = await readFile(join(projectRoot, 'docs/schema', name), 'utf8');
  expect(JSON.parse(published)).toEqual(JSON.parse(text));
});

#!/usr/bin/env node
// Writes the files of docs/ that are made from the sources and from docs/generated/matrix.json; with --check it only says
// which are stale.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { register } from 'tsx/esm/api';

register();
const { documentsOf, readPublishedMatrix, staleDocuments } = await import('../src/cli/documents.ts');
const { projectRoot } = await import('../src/base/paths.ts');

if (process.argv[2] === '--check') {
  const stale = await staleDocuments();
  for (const what of stale) process.stdout.write(`${what}\n`);
  if (stale.length > 0) {
    process.stdout.write(
      'Texts: npm run generate. New claims or kernels: npm run document (judges all, half an hour).\n',
    );
    process.exitCode = 1;
  }
} else {
  const matrix = (await readPublishedMatrix()) ?? { schema: 1, kernels: [], claims: {} };
  for (const [path, text] of Object.entries(await documentsOf(matrix))) {
    await mkdir(join(projectRoot, dirname(path)), { recursive: true });
    await writeFile(join(projectRoot, path), text);
  }
}

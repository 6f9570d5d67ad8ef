#!/usr/bin/env node
// Writes the files of docs/ that are made from the sources. A test says when they are stale.
import { mkdir, writeFile } from 'node:fs/promises';
import { register } from 'tsx/esm/api';

register();
const { schemas } = await import('../src/report/schema.ts');
const directory = new URL('../docs/schema/', import.meta.url);
await mkdir(directory, { recursive: true });
for (const [name, text] of Object.entries(schemas())) await writeFile(new URL(name, directory), text);

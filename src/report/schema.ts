import { z } from 'zod';
import { BenchRecord } from './bench.ts';
import { InitRecord } from './init-record.ts';
import { RunRecord } from './record.ts';

const published = (title: string, type: z.ZodType): string =>
  `${JSON.stringify({ title, ...z.toJSONSchema(type, { target: 'draft-2020-12' }) }, null, 2)}\n`;

/** The JSON Schemas of what we write, for those who read it with other tools; by file name below docs/schema/. */
export const schemas = (): Readonly<Record<string, string>> => ({
  'run.schema.json': published('kernspec run record, version 1', RunRecord),
  'init.schema.json': published('kernspec init record, version 1', InitRecord),
  'bench.schema.json': published('kernspec bench record, version 1', BenchRecord),
});

import { z } from 'zod';
import { RunRecord } from './record.ts';

/** The JSON Schema of run.json, for those who read our records with other tools. */
export const runSchema = (): string => {
  const schema = z.toJSONSchema(RunRecord, { target: 'draft-2020-12' });
  return `${JSON.stringify({ title: 'kernspec run record, version 1', ...schema }, null, 2)}\n`;
};

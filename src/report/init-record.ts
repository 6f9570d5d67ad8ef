import { z } from 'zod';
import { initVerdicts, roles } from '../inits/check.ts';
import { RecordHead } from './record.ts';

/** What came of one check. */
export const InitResult = z.strictObject({
  check: z.string(),
  level: z.enum(['MUST', 'SHOULD', 'MAY', 'trait']),
  verdict: z.enum(initVerdicts),
  expected: z.string(),
  actual: z.string(),
  /** Why it is untested. */
  reason: z.string().optional(),
  ms: z.number().int().nonnegative(),
  /** Path of the evidence, relative to the record. */
  evidence: z.string(),
  /** A command line that makes it again. */
  reproduce: z.string(),
});
export type InitResult = z.infer<typeof InitResult>;

/** One target on one kernel. */
export const TargetRecord = z.strictObject({
  name: z.string(),
  argv: z.array(z.string()),
  role: z.enum(roles),
  /** Id of the kernel. */
  kernel: z.string(),
  results: z.array(InitResult),
});
export type TargetRecord = z.infer<typeof TargetRecord>;

/** init.json, version 1: all that is known of a validation. */
export const InitRecord = RecordHead.extend({
  finished: z.iso.datetime(),
  reason: z.enum(['passed', 'failed', 'interrupted']),
  /** SHOULD counts as MUST. */
  strict: z.boolean(),
  /** What is wrong with our own controls: nothing is judged then. */
  controls: z.array(z.string()),
  targets: z.array(TargetRecord),
});
export type InitRecord = z.infer<typeof InitRecord>;

/** Whether a result speaks against a target. */
export const counts = ({ verdict }: Pick<InitResult, 'verdict'>, strict: boolean): boolean =>
  verdict === 'fail' || (strict && verdict === 'non-strict');

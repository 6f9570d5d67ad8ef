import { z } from 'zod';

/** run.json, version 1: all that is known of a run. A report is a pure function of it. (docs/record.md) */
export const RecordedResult = z.strictObject({
  claim: z.string(),
  /** Id of the kernel, such as `linux-6.12.117`. */
  kernel: z.string(),
  verdict: z.enum(['holds', 'violated', 'inapplicable', 'inconclusive']),
  /** Why it is inapplicable or inconclusive, or which prediction failed. */
  reason: z.string().optional(),
  /** What became of the machine, when that is why it is inconclusive. */
  failure: z.string().optional(),
  /** The value that was observed, in words, where the claim names one. */
  observed: z.string().optional(),
  ms: z.number().int().nonnegative(),
  /** What shared the machine: the specs of a file, or nobody. */
  isolation: z.enum(['file', 'spec']),
  /** Path of the evidence, relative to the record. */
  evidence: z.string(),
  /** A command line that repeats this. */
  reproduce: z.string(),
});
export type RecordedResult = z.infer<typeof RecordedResult>;

const RecordedKernel = z.strictObject({
  id: z.string(),
  series: z.string(),
  release: z.string(),
  arch: z.string(),
  package: z.string(),
  /** Of the boot image. */
  sha256: z.string(),
  configSha256: z.string(),
  /** What was added to the kernel's command line. */
  appended: z.string(),
});
export type RecordedKernel = z.infer<typeof RecordedKernel>;

export const RecordHead = z.strictObject({
  schema: z.literal(1),
  id: z.string(),
  started: z.iso.datetime(),
  /** Version of kernspec. */
  kernspec: z.string(),
  host: z.strictObject({
    qemu: z.string(),
    accel: z.enum(['kvm', 'tcg']),
    accelReason: z.string(),
    cpus: z.number().int().positive(),
  }),
  kernels: z.array(RecordedKernel),
});
export type RecordHead = z.infer<typeof RecordHead>;

export const RunRecord = RecordHead.extend({
  finished: z.iso.datetime(),
  reason: z.enum(['passed', 'failed', 'interrupted']),
  results: z.array(RecordedResult),
});
export type RunRecord = z.infer<typeof RunRecord>;

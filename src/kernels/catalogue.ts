import { z } from 'zod';

const Suite = z.strictObject({ name: z.string(), archive: z.enum(['debian', 'debian-security']) });
export type Suite = z.infer<typeof Suite>;

/** kernel-configs/catalogue.json */
export const Catalogue = z.strictObject({
  schema: z.literal(1),
  architecture: z.string(),
  component: z.string(),
  /** Where kernels are looked for; of equal versions, that of the first suite is taken. */
  suites: z.array(Suite).min(1),
  /**
   * How a flavour's packages are called; the first is the usual one. The image's pattern captures the release; `split` names the
   * two packages that newer kernels come in.
   */
  flavours: z.record(
    z.string(),
    z.strictObject({ image: z.string(), split: z.strictObject({ image: z.string(), modules: z.string() }) }),
  ),
  sets: z.record(z.string(), z.array(z.string())),
  /** Modules that guests need, where the kernel does not have them built in. */
  modules: z.array(z.string()),
  guest: z.strictObject({ suite: Suite, packages: z.array(z.string()) }),
});
export type Catalogue = z.infer<typeof Catalogue>;

import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { sha256, writeFileAtomically } from '../base/atomic.ts';
import { cacheDir } from '../base/paths.ts';
import { knownOptions, lackingIn, optionProbes, type KernelOption } from '../kernels/config.ts';
import type { CloneOptions, Template } from '../../vm/template.ts';

const Facts = z.strictObject({
  /** What uname -r says. */
  release: z.string(),
  /** Options that claims may need, and the kernel does not have. */
  lacks: z.array(z.enum(knownOptions)),
  /** Of the configuration that the kernel itself gives out (CONFIG_IKCONFIG_PROC); empty when it does not. */
  configSha256: z.string(),
});

/** What a running kernel says of itself. */
export type Facts = z.infer<typeof Facts>;

const separator = '=== kernspec ===';

/** Asks a clone once; the answer is kept as long as the template is. */
export const factsOf = async (template: Template, options: CloneOptions): Promise<Facts> => {
  // Another list of options is another question.
  const question = sha256(JSON.stringify(optionProbes)).slice(0, 8);
  const path = join(cacheDir(), 'facts', `${basename(template.directory)}-${question}.json`);
  const known = await readFile(path, 'utf8').then(
    (text) => Facts.safeParse(JSON.parse(text)).data,
    () => undefined,
  );
  if (known !== undefined) return known;
  await using machine = await template.clone(options);
  const probes = knownOptions.map((option) => `(${optionProbes[option]}) 2>/dev/null || echo ${option}`);
  const ask = [
    'uname -r',
    `echo '${separator}'`,
    'busybox zcat /proc/config.gz 2>/dev/null',
    `echo '${separator}'`,
    ...probes,
  ].join('; ');
  const { stdout } = await machine.exec(ask, { ms: 20_000 * machine.slowdown });
  const [release = '', config = '', missing = ''] = stdout.split(`${separator}\n`);
  const facts: Facts = {
    release: release.trim(),
    lacks:
      config === '' ? (missing.split('\n').filter((line) => line !== '') as KernelOption[]) : [...lackingIn(config)],
    configSha256: config === '' ? '' : sha256(config),
  };
  await writeFileAtomically(path, JSON.stringify(facts));
  return facts;
};

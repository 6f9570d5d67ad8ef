import { z } from 'zod';
import { roles } from './check.ts';
import { usualEnds, type Target } from './target.ts';

/** A program of guest/inits/known.json: how it is started, where it comes from, and what it is expected to do. */
export const KnownInit = z.strictObject({
  name: z.string(),
  /** Debian packages beyond those of every guest. */
  packages: z.array(z.string()).default([]),
  /** Packages of the npm registry, which have their dependencies within themselves: `name@version` and its integrity. */
  npm: z.record(z.string(), z.string()).default({}),
  argv: z.array(z.string()).min(1),
  role: z.enum(roles),
  files: z.record(z.string(), z.string()).optional(),
  binds: z.record(z.string(), z.string()).optional(),
  stopSignal: z.string().default('TERM'),
  endsOn: z.array(z.string()).optional(),
  variants: z
    .strictObject({
      remap: z.array(z.string()),
      rewrite: z.array(z.string()),
      parentDeath: z.array(z.string()),
    })
    .partial()
    .optional(),
});
export type KnownInit = z.infer<typeof KnownInit>;

export const KnownInits = z.array(KnownInit);

/** The target that a known init is. */
export const targetOf = (init: KnownInit): Target => ({
  name: init.name,
  argv: init.argv,
  role: init.role,
  stopSignal: init.stopSignal,
  endsOn: init.endsOn ?? usualEnds,
  ...(init.files !== undefined && { files: init.files }),
  ...(init.binds !== undefined && { binds: init.binds }),
  ...(init.variants !== undefined && {
    variants: Object.fromEntries(Object.entries(init.variants).filter(([, argv]) => argv !== undefined)),
  }),
});

/** Our own init, which does all that is asked for. */
export const reference: Target = {
  name: 'reference',
  ours: true,
  argv: ['/kernspec/bin/reference-init', '--', '{cmd}'],
  role: 'wrapper',
  stopSignal: 'TERM',
  endsOn: usualEnds,
};

/** A program that does nothing for anybody. */
export const sleeper: Target = {
  name: 'sleep',
  ours: true,
  argv: ['/usr/bin/busybox', 'sleep', '1000000'],
  role: 'bare',
  stopSignal: 'TERM',
  endsOn: usualEnds,
};

/** An init that is broken in one way; `nothing` is the one that is not. */
export const brokenInit = (how: string): Target => ({
  name: how,
  ours: true,
  argv: ['/kernspec/bin/broken-init', how, '--', '{cmd}'],
  role: 'wrapper',
  stopSignal: 'TERM',
  endsOn: usualEnds,
});

/** An application with a reaper that is broken in one way, or in `nothing`. */
export const brokenLibrary = (how: string): Target => ({
  ...brokenInit(how),
  argv: ['/kernspec/bin/library-init', how, '{cmd}'],
  role: 'library',
});

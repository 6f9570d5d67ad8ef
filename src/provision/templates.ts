import { readdir, readFile, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { abandonedIn, createAtomically, makeDirectory, sha256 } from '../base/atomic.ts';
import { withLock } from '../base/lock.ts';
import { cacheDir } from '../base/paths.ts';
import { hardwareOf, type MachineSpec } from '../../vm/machine.ts';
import { qemuVersion } from '../../vm/qemu/accel.ts';
import {
  buildTemplate,
  machineInput,
  noRoom,
  Template,
  templateKey,
  TemplateRefused,
  type TemplateInputs,
} from '../../vm/template.ts';

/** Bytes of the disk that templates may take together; each takes some 300 MB. */
const keptBytes = 8 * 2 ** 30;

/** Milliseconds after which a template that nobody used goes. */
const keptMs = 14 * 24 * 3_600_000;

/** Milliseconds for which a template that was used is not taken away: its clones may still be on their way. */
const inUseMs = 3_600_000;

/** What is known of the two files that a machine boots from. */
export interface BootHashes {
  /** sha256 of vmlinuz. */
  readonly kernel: string;
  /** sha256 of the initramfs. */
  readonly image: string;
}

export interface TemplateHooks {
  /** A machine is booted: there is no template yet. */
  readonly onBuild?: () => void;
  /** Another process is at it. */
  readonly onWait?: () => void;
  /** There was one, but it cannot be used. */
  readonly onRefused?: (why: string) => void;
}

/** What the CPU of this computer can do. */
const cpuFlags = async (): Promise<string> => {
  const text = await readFile('/proc/cpuinfo', 'utf8');
  return sha256(/^model name.*$/m.exec(text)?.[0] ?? '', /^flags.*$/m.exec(text)?.[0] ?? '');
};

export const templatesDir = (): string => join(cacheDir(), 'templates');

/**
 * The template of a machine: from the cache, or booted now. Of several processes that want the same one, one boots it.
 *
 * @throws BootError (the guest), HostError (QEMU is missing, the disk is full)
 */
export const obtainTemplate = async (
  spec: MachineSpec,
  hashes: BootHashes,
  { onBuild, onWait, onRefused }: TemplateHooks = {},
): Promise<Template> => {
  const inputs: TemplateInputs = {
    ...hashes,
    qemu: await qemuVersion(spec.qemu),
    machine: machineInput(spec),
    cpu: await cpuFlags(),
  };
  const directory = join(templatesDir(), templateKey(inputs));
  const cached = async (): Promise<Template | undefined> => {
    const there = await stat(directory).then(
      () => true,
      () => false,
    );
    if (!there) return undefined;
    try {
      return await Template.open(directory, inputs);
    } catch (error) {
      if (!(error instanceof TemplateRefused)) throw error;
      onRefused?.(error.message);
      return undefined;
    }
  };
  const known = await cached();
  if (known !== undefined) return known;
  return withLock(
    directory,
    async () => {
      const meanwhile = await cached();
      if (meanwhile !== undefined) return meanwhile;
      onBuild?.();
      makeDirectory(templatesDir());
      for (const path of await abandonedIn(templatesDir())) await rm(path, { recursive: true, force: true });
      await rm(directory, { recursive: true, force: true });
      await evictTemplates(templatesDir(), directory);
      await checkRoom(spec);
      await createAtomically(directory, async (temporary) => {
        makeDirectory(temporary);
        await buildTemplate(spec, inputs, temporary);
      });
      return Template.open(directory, inputs);
    },
    onWait,
  );
};

/** A shared mapping of a file with holes has room only when it is written to, and then it is too late to say so. */
const checkRoom = async (spec: MachineSpec): Promise<void> => {
  const { bavail, bsize } = await statfs(templatesDir());
  if (bavail * bsize < hardwareOf(spec).memoryMiB * 2 ** 20) throw noRoom(templatesDir());
};

/**
 * Removes templates that nobody used for weeks, and of what is too much those that were used least recently. What was used
 * within the hour stays, and what is wanted.
 */
export const evictTemplates = async (
  directory: string,
  wanted: string,
  limits: { readonly bytes: number; readonly ms: number } = { bytes: keptBytes, ms: keptMs },
): Promise<void> => {
  const paths = (await readdir(directory)).map((name) => join(directory, name));
  const found = await Promise.all(
    paths.map(async (path) => {
      const files = await Promise.all(['memory', 'state'].map((name) => stat(join(path, name)).catch(() => undefined)));
      const used = await stat(path).catch(() => undefined);
      return {
        path,
        // Of 512 bytes each, whatever the disk's own are. (stat(2))
        bytes: files.reduce((sum, file) => sum + (file?.blocks ?? 0) * 512, 0),
        age: Date.now() - (used?.mtimeMs ?? Date.now()),
      };
    }),
  );
  let total = 0;
  for (const { path, bytes, age } of found.toSorted((a, b) => a.age - b.age)) {
    total += bytes;
    const mayGo = age > inUseMs && path !== wanted;
    if (mayGo && (age > limits.ms || total > limits.bytes)) await rm(path, { recursive: true, force: true });
  }
};

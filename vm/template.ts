import { createWriteStream } from 'node:fs';
import { open, readFile, stat, utimes } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import pLimit from 'p-limit';
import { z } from 'zod';
import { sha256, sha256OfFile, writeFileAtomically } from '../src/base/atomic.ts';
import { withDeadline } from '../src/base/deadline.ts';
import { deferred } from '../src/base/deferred.ts';
import { BootError, HostError, LinkError } from '../src/base/errors.ts';
import {
  boot,
  connect,
  defaultQemu,
  hardwareOf,
  machineName,
  type BootedGuest,
  type Machine,
  type MachineSpec,
} from './machine.ts';
import { stateDescriptor } from './qemu/argv.ts';
import { Qemu } from './qemu/qemu.ts';
import type { Qmp, QmpEvent } from './qemu/qmp.ts';

/** Everything that a template depends on. If one of these differs, the template is another one. */
export interface TemplateInputs {
  /** sha256 of vmlinuz. */
  readonly kernel: string;
  /** sha256 of the initramfs. */
  readonly image: string;
  /** The first line of `qemu-system-x86_64 --version`. */
  readonly qemu: string;
  /** The machine, and what is added to the kernel's command line. */
  readonly machine: string;
  /** What the host's CPU can do: `-cpu max` and `host` pass it on. */
  readonly cpu: string;
}

/** The files whose content a clone is made of. */
const parts = ['memory', 'state'] as const;

const Part = z.strictObject({ sha256: z.string(), stamp: z.string() });

/** template.json */
const Manifest = z.strictObject({
  schema: z.literal(1),
  inputs: z.strictObject({
    kernel: z.string(),
    image: z.string(),
    qemu: z.string(),
    machine: z.string(),
    cpu: z.string(),
  }),
  /** Milliseconds the boot took. */
  bootMs: z.number(),
  link: z.enum(['network', 'serial']),
  keys: z.strictObject({
    clientPrivate: z.string(),
    clientPublic: z.string(),
    hostPrivate: z.string(),
    hostPublic: z.string(),
  }),
  parts: z.strictObject({ memory: Part, state: Part }),
});
type Manifest = z.infer<typeof Manifest>;

/** Recipe of templates; bump it when this file or the argv changes what one is. */
const recipe = 2;

export const templateKey = (inputs: TemplateInputs): string =>
  sha256(String(recipe), JSON.stringify(inputs)).slice(0, 32);

/** What of a machine decides whether a state fits it. */
export const machineInput = (spec: MachineSpec): string =>
  JSON.stringify({ ...hardwareOf(spec), append: spec.append ?? '' });

/** Why the files of a template cannot be used. */
export class TemplateRefused extends LinkError {}

const manifestPath = (directory: string): string => join(directory, 'template.json');

/**
 * Distinguishes a file that was not touched since it was hashed from all others. The boot of the host is part of it:
 * after a crash a file may have its size and times, but not its content.
 */
const stampOf = async (path: string): Promise<string> => {
  const { size, mtimeNs, ctimeNs, ino } = await stat(path, { bigint: true });
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  return [size, mtimeNs, ctimeNs, ino, bootId].join(' ');
};

const partOf = async (path: string): Promise<Manifest['parts']['memory']> => ({
  sha256: await sha256OfFile(path),
  stamp: await stampOf(path),
});

/** Milliseconds for saving and for loading the state of a machine: some hundred KB. */
const migrationMs = 20_000;

const migrated = (qmp: Qmp): Promise<true> => {
  const pick = ({ event, data }: QmpEvent): true | undefined => {
    if (event !== 'MIGRATION') return undefined;
    if (data['status'] === 'failed') throw new LinkError('QEMU could not pass on the state of the machine.');
    return data['status'] === 'completed' ? true : undefined;
  };
  return qmp.until("The end of QEMU's migration", pick, migrationMs);
};

/** Memory stays where it is, in its file; only devices travel. */
const prepareMigration = (qmp: Qmp): Promise<unknown> =>
  qmp.execute('migrate-set-capabilities', {
    capabilities: ['x-ignore-shared', 'events'].map((capability) => ({ capability, state: true })),
  });

/** Receives the state of a stopped machine in a file. */
const saveState = async (qemu: Qemu, directory: string): Promise<void> => {
  const connected = deferred<Socket>();
  const server = createServer((socket) => connected.resolve(socket));
  await using handle = await open(directory);
  // By way of the open directory, since the path of a socket may have 107 bytes at most. (unix(7))
  const address = `/proc/${process.pid}/fd/${handle.fd}/state.sock`;
  try {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(address, resolve));
    await prepareMigration(qemu.qmp);
    const done = migrated(qemu.qmp);
    done.catch(() => undefined);
    await qemu.qmp.execute('migrate', { uri: `unix:${address}` });
    const socket = await withDeadline({ what: "QEMU's state", ms: migrationMs }, connected.promise);
    await pipeline(socket, createWriteStream(join(directory, 'state')));
    await done;
  } finally {
    server.close();
  }
};

/**
 * Boots a machine once and keeps it as it is when its sshd answers and nobody is connected.
 *
 * @param directory an empty directory, for nobody else
 * @throws BootError (the guest), HostError (QEMU is missing, the disk is full)
 */
export const buildTemplate = async (spec: MachineSpec, inputs: TemplateInputs, directory: string): Promise<void> => {
  const start = performance.now();
  const memory = join(directory, 'memory');
  const guest = await boot(spec, machineName(), memory).catch((error: unknown) => {
    // A page of a shared mapping for which the disk has no room. (mmap(2), SIGBUS)
    if (error instanceof BootError && error.message.includes('SIGBUS')) throw noRoom(directory, error);
    throw error;
  });
  await using owned = guest;
  const { qemu, keys, link } = owned;
  try {
    await Promise.race([qemu.gate.settle(20_000 * (spec.slowdown ?? 1)), qemu.failed]);
    const bootMs = performance.now() - start;
    await qemu.qmp.execute('stop');
    await Promise.race([saveState(qemu, directory), qemu.failed]);
    await owned[Symbol.asyncDispose]();
    const [memoryPart, statePart] = await Promise.all(parts.map((part) => partOf(join(directory, part))));
    if (memoryPart === undefined || statePart === undefined) throw new Error('unreachable');
    const manifest: Manifest = {
      schema: 1,
      inputs,
      bootMs,
      link,
      keys,
      parts: { memory: memoryPart, state: statePart },
    };
    // The keys in it open the machines that are made of it.
    await writeFileAtomically(manifestPath(directory), JSON.stringify(manifest, null, 1), 0o600);
  } catch (error) {
    if (error instanceof HostError || (error as NodeJS.ErrnoException).code !== undefined) throw error;
    throw await qemu.reason(error);
  }
};

export const noRoom = (path: string, cause?: unknown): HostError =>
  new HostError(`No space left on the disk of ${path} for a machine's memory.`, {
    hint: 'Free some space, run `kernspec clean`, or point KERNSPEC_CACHE_DIR at another disk.',
    cause,
  });

/**
 * Clones that start at the same time. Starting keeps a core busy, most of it with QEMU translating the guest's code: more
 * of them at once are there later, all of them.
 */
const starting = pLimit(2 * cpus().length);

export type CloneOptions = Pick<MachineSpec, 'accelerator' | 'memoryMiB' | 'cpus' | 'qemu' | 'slowdown'>;

/** A machine that has booted and was put aside; clones of it go on from there, each on its own. */
export class Template {
  readonly directory: string;
  readonly #manifest: Manifest;

  private constructor(directory: string, manifest: Manifest) {
    this.directory = directory;
    this.#manifest = manifest;
  }

  /** Milliseconds the boot took, up to an answering sshd. */
  get bootMs(): number {
    return this.#manifest.bootMs;
  }

  /**
   * Opens the template in a directory. Its files are hashed again unless they are as they were when that was last done. The time
   * of the directory is when that was: what has long not been opened may be evicted.
   *
   * @throws TemplateRefused when it is not whole, or not what was asked for
   */
  static async open(directory: string, inputs?: TemplateInputs): Promise<Template> {
    const refuse = (why: string, cause?: unknown): TemplateRefused =>
      new TemplateRefused(`The template in ${directory} ${why}.`, { cause });
    let manifest: Manifest;
    try {
      manifest = Manifest.parse(JSON.parse(await readFile(manifestPath(directory), 'utf8')));
    } catch (error) {
      throw refuse('has no readable template.json', error);
    }
    if (inputs !== undefined && JSON.stringify(manifest.inputs) !== JSON.stringify(inputs))
      throw refuse('was made of something else');
    const checked: Partial<Manifest['parts']> = {};
    for (const part of parts) {
      const path = join(directory, part);
      const known = manifest.parts[part];
      const stamp = await stampOf(path).catch(() => undefined);
      if (stamp === undefined) throw refuse(`lacks its ${part}`);
      if (stamp === known.stamp) continue;
      if ((await sha256OfFile(path)) !== known.sha256) throw refuse(`is damaged: its ${part} has changed`);
      checked[part] = { ...known, stamp };
    }
    if (Object.keys(checked).length > 0) {
      manifest = { ...manifest, parts: { ...manifest.parts, ...checked } };
      await writeFileAtomically(manifestPath(directory), JSON.stringify(manifest, null, 1), 0o600);
    }
    const now = new Date();
    await utimes(directory, now, now);
    return new Template(directory, manifest);
  }

  /**
   * A machine of its own in the state of the template: memory is shared until it is written to. Before anybody may enter,
   * it is given random state of its own and the time of day.
   *
   * @throws LinkError when the state cannot be restored: never the kernel's fault
   */
  clone(options: CloneOptions): Promise<Machine> {
    return starting(async () => {
      const start = performance.now();
      const name = machineName();
      const { accelerator, slowdown = 1 } = options;
      const guest = await this.wake(options, name);
      return connect(guest, { name, origin: 'clone', accelerator, slowdown, start });
    });
  }

  /** A clone that runs and lets people in, but nobody has knocked yet. */
  async wake(options: CloneOptions, name: string): Promise<BootedGuest> {
    const { link, keys } = this.#manifest;
    const qemu = await this.#restore(name, options);
    try {
      await Promise.race([qemu.gate.resume(20_000 * (options.slowdown ?? 1)), qemu.failed]);
    } catch (error) {
      const reason = await qemu.reason(error);
      await qemu[Symbol.asyncDispose]();
      throw reason;
    }
    return { qemu, keys, link, [Symbol.asyncDispose]: () => qemu[Symbol.asyncDispose]() };
  }

  /** QEMU for a clone, into which no state has come yet: what a clone costs at the least. */
  startEmpty(options: CloneOptions, name: string, files: readonly number[] = []): Promise<Qemu> {
    const origin = { kind: 'clone', memory: join(this.directory, 'memory') } as const;
    return Qemu.start(options.qemu ?? defaultQemu, { name, ...hardwareOf(options), origin }, files);
  }

  async #restore(name: string, options: CloneOptions): Promise<Qemu> {
    await using state = await open(join(this.directory, 'state')).catch((error: unknown) => {
      throw new TemplateRefused(`The template in ${this.directory} is gone.`, { cause: error });
    });
    const qemu = await this.startEmpty(options, name, [state.fd]);
    try {
      await prepareMigration(qemu.qmp);
      const done = migrated(qemu.qmp);
      done.catch(() => undefined);
      await qemu.qmp.execute('migrate-incoming', { uri: `fd:${stateDescriptor}` });
      await Promise.race([done, qemu.failed]);
      await qemu.qmp.execute('cont');
      return qemu;
    } catch (error) {
      const reason = await qemu.reason(error);
      await qemu[Symbol.asyncDispose]();
      throw reason;
    }
  }
}

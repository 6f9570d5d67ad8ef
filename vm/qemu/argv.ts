/** Which accelerator runs the guest, and why it was chosen. */
export interface Accelerator {
  readonly accel: 'kvm' | 'tcg';
  readonly reason: string;
}

/** What a machine is made of: the same for a template and its clones, or the state of one does not fit the other. */
export interface Hardware {
  readonly accel: Accelerator['accel'];
  readonly memoryMiB: number;
  readonly cpus: number;
}

/** How a machine comes to life. */
export type Origin =
  | {
      /** A kernel is booted. */
      readonly kind: 'boot';
      /** vmlinuz, a path of the workstation. */
      readonly kernel: string;
      readonly initramfs: string;
      readonly append: string;
      /** A file that becomes the machine's memory, so that it may become a template. */
      readonly memory?: string;
    }
  | {
      /** The state of another machine comes in over {@link stateDescriptor}; its memory is copied on write. */
      readonly kind: 'clone';
      readonly memory: string;
    };

export interface QemuOptions extends Hardware {
  readonly name: string;
  readonly origin: Origin;
}

/** The file descriptor on which QEMU talks QMP: a socket pair of ours, so that no socket file can be left behind. */
const qmpDescriptor = 3;

/** The file descriptor of the guest's second serial port, where guest/src/gate.c listens. */
const gateDescriptor = 4;

/** The file descriptor from which a clone reads the state of its devices. */
export const stateDescriptor = 5;

/**
 * Translated code that TCG keeps, MiB; memory is taken as it fills. With 32, one start of Node overflows it, and the next one
 * takes three times as long.
 */
const translationMiB = 128;

/**
 * Everything that TCG can do, but for what it does slowly: with ERMS and FSRM kernel and C library copy and clear memory by
 * `rep movsb`, which TCG does byte by byte, and with LA57 the MMU walks five levels of page tables. (The same claims three times in
 * turn: 8 % less CPU time in all.)
 */
const tcgCpu = 'max,-erms,-fsrm,-la57';

const originArgv = (origin: Origin): readonly string[] =>
  origin.kind === 'clone'
    ? ['-incoming', 'defer']
    : ['-kernel', origin.kernel, '-initrd', origin.initramfs, '-append', origin.append];

const memoryArgv = ({ memoryMiB, origin }: QemuOptions): readonly string[] =>
  origin.memory === undefined
    ? []
    : [
        '-object',
        `memory-backend-file,id=pc.ram,mem-path=${origin.memory},size=${memoryMiB}M,share=${origin.kind === 'clone' ? 'off' : 'on'}`,
      ];

/**
 * QEMU's command line for one machine, without the program's name.
 *
 * One virtio network card behind `restrict=on` (the guest reaches nothing), a port of the loopback interface chosen by the
 * kernel forwarded to the guest's sshd, the console on stdout, pvpanic. `-no-reboot` turns a reboot into an exit.
 */
export const qemuArgv = (options: QemuOptions): readonly string[] => [
  ...['-name', options.name],
  ...['-M', `q35,usb=off,sata=off,smbus=off${options.origin.memory === undefined ? '' : ',memory-backend=pc.ram'}`],
  ...['-accel', options.accel === 'tcg' ? `tcg,tb-size=${translationMiB}` : 'kvm'],
  ...['-cpu', options.accel === 'kvm' ? 'host' : tcgCpu],
  ...['-smp', String(options.cpus)],
  ...['-m', `${options.memoryMiB}M`],
  ...memoryArgv(options),
  ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
  ...['-action', 'panic=none'],
  ...['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
  ...['-chardev', `socket,id=qmp,fd=${qmpDescriptor}`, '-mon', 'chardev=qmp,mode=control'],
  ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
  ...['-chardev', `socket,id=gate,fd=${gateDescriptor}`, '-serial', 'chardev:gate'],
  ...['-netdev', 'user,id=net0,restrict=on,hostfwd=tcp:127.0.0.1:0-:22'],
  ...['-device', 'virtio-net-pci,netdev=net0,romfile='],
  ...['-device', 'pvpanic-pci'],
  ...originArgv(options.origin),
];

/** A command line that can be pasted into a shell. */
export const shellQuoted = (argv: readonly string[]): string =>
  argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');

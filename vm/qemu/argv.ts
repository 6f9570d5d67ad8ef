/** Which accelerator runs the guest, and why it was chosen. */
export interface Accelerator {
  readonly accel: 'kvm' | 'tcg';
  readonly reason: string;
}

export interface QemuOptions {
  readonly name: string;
  readonly accel: Accelerator['accel'];
  readonly memoryMiB: number;
  readonly cpus: number;
  /** vmlinuz, a path of the workstation. */
  readonly kernel: string;
  readonly initramfs: string;
  readonly append: string;
}

/** The file descriptor on which QEMU talks QMP: a socket pair of ours, so that no socket file can be left behind. */
const qmpDescriptor = 3;

/** The file descriptor of the guest's second serial port: the link to a guest that has no driver for the network card. */
const serialDescriptor = 4;

/**
 * QEMU's command line for one machine, without the program's name.
 *
 * One virtio network card behind `restrict=on` (the guest reaches nothing), a port of the loopback interface chosen by the
 * kernel forwarded to the guest's sshd, the console on stdout, pvpanic. `-no-reboot` turns a reboot into an exit.
 */
export const qemuArgv = (options: QemuOptions): readonly string[] => [
  ...['-name', options.name],
  ...['-M', `q35,accel=${options.accel},usb=off,sata=off,smbus=off`],
  ...['-cpu', options.accel === 'kvm' ? 'host' : 'max'],
  ...['-smp', String(options.cpus)],
  ...['-m', `${options.memoryMiB}M`],
  ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
  ...['-action', 'panic=none'],
  ...['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
  ...['-chardev', `socket,id=qmp,fd=${qmpDescriptor}`, '-mon', 'chardev=qmp,mode=control'],
  ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
  ...['-chardev', `socket,id=link,fd=${serialDescriptor}`, '-serial', 'chardev:link'],
  ...['-netdev', 'user,id=net0,restrict=on,hostfwd=tcp:127.0.0.1:0-:22'],
  ...['-device', 'virtio-net-pci,netdev=net0,romfile='],
  ...['-device', 'pvpanic-pci'],
  ...['-kernel', options.kernel],
  ...['-initrd', options.initramfs],
  ...['-append', options.append],
];

/** A command line that can be pasted into a shell. */
export const shellQuoted = (argv: readonly string[]): string =>
  argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');

/** Where the files of a kernel came from: a suite of the archive, or `own`. */
export interface Provenance {
  readonly suite: string;
  readonly package: string;
  readonly packageVersion: string;
  /** sha256 of the package that holds the image. */
  readonly sha256: string;
}

/** A bootable kernel: a plain value that does not care where it came from. */
export interface Kernel {
  /** `linux-6.12.117`, `linux-6.12.117-rt`, or `own-6.12.117-0a1b2c3d` with the beginning of {@link sha256} */
  readonly id: string;
  /** How it is named on the command line: `6.12.117`, `6.12.117-rt`, `./bzImage`. */
  readonly selector: string;
  /** `6.12`, or `6.12-rt` for a flavour */
  readonly series: string;
  /** `6.12.117` */
  readonly version: string;
  /** What uname -r says: `6.12.117+deb13-cloud-amd64`. */
  readonly release: string;
  readonly arch: 'x86_64';
  /** Path of a bzImage or vmlinux. */
  readonly image: string;
  /** Directory of the module files, `*.ko` with or without compression; not there when all is built in. */
  readonly modules?: string;
  /** Path of the configuration; not there where the packages have none, as those of Debian's newest kernels. */
  readonly config?: string;
  /** sha256 of the image. */
  readonly sha256: string;
  readonly configSha256: string;
  readonly provenance: Provenance;
}

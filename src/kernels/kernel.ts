/** Where the files of a kernel came from. */
export interface Provenance {
  readonly suite: string;
  readonly package: string;
  readonly packageVersion: string;
  /** sha256 of the package that holds the image. */
  readonly sha256: string;
}

/** A bootable kernel: a plain value that does not care where it came from. */
export interface Kernel {
  /** `linux-6.12.117` */
  readonly id: string;
  /** `6.12` */
  readonly series: string;
  /** `6.12.117` */
  readonly version: string;
  /** What uname -r says: `6.12.117+deb13-cloud-amd64`. */
  readonly release: string;
  readonly arch: 'x86_64';
  /** Path of vmlinuz. */
  readonly image: string;
  /** Directory of the module files, `*.ko` with or without compression. */
  readonly modules: string;
  /** Path of the configuration; not there where the packages have none, as those of Debian's newest kernels. */
  readonly config?: string;
  /** sha256 of the image. */
  readonly sha256: string;
  readonly configSha256: string;
  readonly provenance: Provenance;
}

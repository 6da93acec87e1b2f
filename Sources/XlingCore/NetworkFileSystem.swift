import CFiles
import Foundation

/// File systems on which SQLite's locks and its shared memory do not hold (https://www.sqlite.org/wal.html).
public enum NetworkFileSystem {
  /// By the magic numbers of statfs(2) and of Linux's magic.h.
  private static let names: [UInt32: String] = [
    0x6969: "NFS", 0x517B: "SMB", 0xFF53_4D42: "CIFS", 0xFE53_4D42: "SMB2", 0x5346_414F: "AFS",
    0x6B41_4653: "AFS", 0x00C3_6400: "Ceph", 0x0BD0_0BD0: "Lustre", 0x4750_4653: "GPFS",
    0x1983_0326: "BeeGFS", 0x0102_1997: "9P", 0x7373_7245: "Coda", 0x7461_636F: "OCFS2",
    0x0116_1970: "GFS2", 0xAAD7_AAEA: "PanFS", 0x2003_0528: "OrangeFS",
    0x6573_5546: "FUSE (sshfs, GlusterFS and others)",
  ]

  /// What a file system of this kind is called; nil for one of a local disk.
  public static func name(ofKind magic: UInt32) -> String? { names[magic] }

  /// Of what holds `path`, or will; nil for a local disk, and where the system does not say.
  public static func name(holding path: String) -> String? {
    var folder = URL(fileURLWithPath: path).standardizedFileURL.path
    while folder.count > 1, !FileManager.default.fileExists(atPath: folder) {
      folder = PathParts.folder(of: folder)
    }
    return name(ofKind: xling_file_system(folder))
  }
}

import Foundation

/// Opens files to read, and says by name what is no file.
public enum OpenedFile {
  /// A descriptor, and what the file is. Never waits: a FIFO without a writer would for ever. Throws
  /// ``FileFailure/missing(path:hint:)`` or ``FileFailure/cannotRead(path:reason:)``.
  public static func descriptor(
    _ path: String, hint: String = "Check the path."
  ) throws(FileFailure) -> (descriptor: Int32, status: stat) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      let code = errno
      if code == ENOENT || code == ENOTDIR { throw .missing(path: path, hint: hint) }
      throw .cannotRead(path: path, reason: SystemWords.reason(code, path))
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let code = errno
      close(descriptor)
      throw .cannotRead(path: path, reason: SystemWords.reason(code, path))
    }
    if let other = kind(status.st_mode), !(isDescriptor(path) && other != folder) {
      close(descriptor)
      throw .cannotRead(path: path, reason: "it is \(other), not a file")
    }
    // Waiting for what a pipe brings is right once somebody holds its other end.
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
    return (descriptor, status)
  }

  /// Throws ``FileFailure/cannotWrite(path:reason:)`` where a folder, FIFO or device has that name:
  /// renaming would put a file into its place.
  static func checkReplaceable(_ path: String) throws(FileFailure) {
    var status = stat()
    guard stat(path, &status) == 0, let other = kind(status.st_mode) else { return }
    throw .cannotWrite(path: path, reason: "it is \(other), not a file")
  }

  static let folder = "a folder"

  /// What lies there in place of a file; nil for files.
  static func kind(_ mode: mode_t) -> String? {
    switch mode & S_IFMT {
    case S_IFREG: nil
    case S_IFDIR: folder
    case S_IFIFO: "a FIFO"
    case S_IFSOCK: "a socket"
    default: "a device"
    }
  }

  /// `<(command)` of a shell, and `/dev/stdin`: pipes whose other end somebody holds.
  private static func isDescriptor(_ path: String) -> Bool {
    path == "/dev/stdin" || path.hasPrefix("/dev/fd/") || path.hasPrefix("/proc/self/fd/")
  }
}

/// The system's reasons, in words that tell what to look at.
public enum SystemWords {
  public static func reason(_ code: Int32, _ path: String = "") -> String {
    switch code {
    case EISDIR: "it is a folder, not a file"
    case ENOTDIR: "a part of the path is a file, not a folder"
    case ENXIO: "it is a FIFO or a device, not a file"
    case ELOOP: "symbolic links lead around in a circle"
    default: String(cString: strerror(code))
    }
  }

  /// The same of an error of Foundation's, whose own sentences name neither reason nor remedy.
  public static func reason(of error: any Error) -> String {
    var innermost = error as NSError
    while let underlying = innermost.userInfo[NSUnderlyingErrorKey] as? NSError {
      innermost = underlying
    }
    return innermost.domain == NSPOSIXErrorDomain
      ? reason(Int32(innermost.code)) : "the system refused"
  }
}

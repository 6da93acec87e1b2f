import Foundation

/// Errors of reading and writing files.
public enum FileFailure: Failure, Equatable {
  case cannotRead(path: String, reason: String)
  case cannotWrite(path: String, reason: String)
  case missing(path: String, hint: String)
  /// Where something would be written that is not put over anything.
  case exists(path: String)

  public var exitStatus: ExitStatus {
    switch self {
    case .cannotRead, .cannotWrite: .inputOutput
    case .missing: .missingInput
    case .exists: .usage
    }
  }

  public var description: String {
    switch self {
    case .cannotRead(let path, let reason): "cannot read \(path): \(reason)"
    case .cannotWrite(let path, let reason):
      "cannot write \(path): \(reason). Nothing was changed there; free space or choose another "
        + "folder, then run the same command again."
    case .missing(let path, let hint): "\(path) does not exist. \(hint)"
    case .exists(let path):
      "\(path) is there already. Name another folder, or remove it; nothing was changed."
    }
  }
}

/// Writes files whole or not at all: to a temporary name beside the target, synced, then renamed.
public enum AtomicFile {
  /// Throws ``FileFailure/cannotWrite(path:reason:)`` (full disk, read-only folder); the target
  /// then still holds what it held before.
  public static func write(_ data: Data, to path: String) throws {
    try write(to: path) { append in try data.withUnsafeBytes { try append($0) } }
  }

  public static func write(_ text: String, to path: String) throws {
    try write(Data(text.utf8), to: path)
  }

  /// Streams a file of any size: `body` calls its argument once per block of bytes. Throws
  /// ``FileFailure`` or whatever `body` throws; either way the target is left as it was.
  public static func write(
    to path: String, _ body: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void
  ) throws {
    try OpenedFile.checkReplaceable(path)
    let temporary = path + ".partial-\(getpid())"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileFailure.cannotWrite(path: path, reason: lastError()) }
    do {
      try body { bytes in try append(bytes, to: descriptor, of: path) }
      guard fsync(descriptor) == 0 else {
        throw FileFailure.cannotWrite(path: path, reason: lastError())
      }
    } catch {
      close(descriptor)
      unlink(temporary)
      throw error
    }
    guard close(descriptor) == 0, rename(temporary, path) == 0 else {
      let reason = lastError()
      unlink(temporary)
      throw FileFailure.cannotWrite(path: path, reason: reason)
    }
  }

  private static func append(
    _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, of path: String
  ) throws {
    var offset = 0
    while offset < bytes.count {
      let written = Glibc.write(descriptor, bytes.baseAddress! + offset, bytes.count - offset)
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw FileFailure.cannotWrite(path: path, reason: lastError()) }
      offset += written
    }
  }

  /// Creates a folder and its parents. Throws ``FileFailure/cannotWrite(path:reason:)``.
  public static func createFolder(_ path: String) throws(FileFailure) {
    var folder = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      folder += (folder.isEmpty || folder.hasSuffix("/") ? "" : "/") + part
      if mkdir(folder, 0o755) == 0 { continue }
      var reason = lastError()
      var status = stat()
      if stat(folder, &status) == 0 {
        guard OpenedFile.kind(status.st_mode) != OpenedFile.folder else { continue }
        reason = "\(folder) is a file, not a folder"
      }
      throw .cannotWrite(path: path, reason: reason)
    }
  }

  /// The whole file. Throws ``FileFailure/missing(path:hint:)`` or
  /// ``FileFailure/cannotRead(path:reason:)``.
  public static func read(_ path: String, hint: String = "Check the path.") throws(FileFailure)
    -> Data
  {
    let (descriptor, status) = try OpenedFile.descriptor(path, hint: hint)
    defer { close(descriptor) }
    // One byte more than the file holds: the end is then seen without growing.
    var capacity = max(Int(status.st_size) + 1, 4096)
    guard var bytes = malloc(capacity) else { throw tooLarge(path) }
    var count = 0
    while true {
      let got = Glibc.read(descriptor, bytes + count, capacity - count)
      if got < 0 && errno == EINTR { continue }
      guard got >= 0 else {
        let reason = lastError()
        free(bytes)
        throw .cannotRead(path: path, reason: reason)
      }
      if got == 0 { break }
      count += got
      guard count == capacity else { continue }
      capacity *= 2
      guard let grown = realloc(bytes, capacity) else {
        free(bytes)
        throw tooLarge(path)
      }
      bytes = grown
    }
    return Data(bytesNoCopy: bytes, count: count, deallocator: .free)
  }

  private static func tooLarge(_ path: String) -> FileFailure {
    .cannotRead(path: path, reason: "it is larger than the memory that is free")
  }

  private static func lastError() -> String { SystemWords.reason(errno) }
}

import Foundation
import XlingCore

/// Names a dataset by its contents: the bytes of every picture and of the captions. Earlier versions
/// hashed names and sizes of pictures in place of their bytes; the prefix keeps the two apart.
enum ContentHash {
  static let prefix = "2:"

  struct File: Sendable {
    /// Inside the dataset: "images/a.jpg".
    let place: String
    let path: String
    /// As it was found, so that nothing is asked twice; nil is asked anew.
    var mark: FileMark?
  }

  /// `captions`: SHA-256 of what says which caption belongs to which picture.
  static func of(captions: String, pictures: [(name: String, digest: String)]) -> String {
    let digest = Digest()
    digest.update("xling contents 2\n\(captions)\n")
    for picture in pictures {
      digest.update("\(picture.digest) \(picture.name.utf8.count):\(picture.name)\n")
    }
    return prefix + digest.hexadecimal()
  }

  /// SHA-256 of each file, in their order. What was hashed before and has not changed since costs its
  /// `stat` alone. With `anew` every file is read, and one whose bytes are others although size and
  /// times are the same (a failing disk) is an error. Throws `FileFailure`, ``DataFailure``,
  /// `InterruptionFailure`; what was hashed until then is remembered.
  static func digests(
    of files: [File], in folder: String, memory: ContentMemory, anew: Bool = false
  ) throws -> [String] {
    let known = memory.entries()
    var entries = [ContentMemory.Entry?](repeating: nil, count: files.count)
    var missing: [Int] = []
    for (index, file) in files.enumerated() {
      if let entry = known[file.place], let mark = file.mark ?? FileMark(path: file.path),
        entry.mark == mark
      {
        entries[index] = entry
        if !anew { continue }
      }
      missing.append(index)
    }
    guard !missing.isEmpty else { return entries.compactMap { $0?.digest } }
    let digests = try hashed(
      missing, of: files, in: folder, remembered: &entries, memory: memory, anew: anew)
    return digests.enumerated().map { index, digest in digest ?? entries[index]?.digest ?? "" }
  }

  private static func hashed(
    _ missing: [Int], of files: [File], in folder: String,
    remembered entries: inout [ContentMemory.Entry?], memory: ContentMemory, anew: Bool
  ) throws -> [String?] {
    var digests = [String?](repeating: nil, count: files.count)
    defer {
      var kept: [String: ContentMemory.Entry] = [:]
      for (file, entry) in zip(files, entries) { kept[file.place] = entry }
      if !kept.isEmpty { memory.keep(kept) }
    }
    let began = ProgressBar.uptime()
    var bar: ProgressBar?
    let batch = 16 * Parallel.threads
    for start in stride(from: 0, to: missing.count, by: batch) {
      try Interruption.check(
        "hashed \(start) of \(missing.count) files of \(folder)")
      let part = Array(missing[start..<min(missing.count, start + batch)])
      for (index, found) in zip(part, try concurrently(part) { try hash(files[$0].path) }) {
        if anew, let entry = entries[index], entry.mark == found.mark,
          entry.digest != found.digest
        {
          throw DataFailure.badDataset(
            path: files[index].path,
            reason: "its bytes are not what they were, although its size and times are the same. "
              + "Check the disk, and get the file again.")
        }
        digests[index] = found.digest
        entries[index] = found.mark.map { .init(mark: $0, digest: found.digest) }
      }
      if bar == nil, ProgressBar.uptime() - began > 1 {
        bar = Self.bar(folder, total: missing.count, at: start + part.count)
      }
      bar?.advance(to: start + part.count)
    }
    bar?.finish()
    return digests
  }

  /// A log gets its first line sooner than of other work: nothing else was said until here.
  private static func bar(_ folder: String, total: Int, at done: Int) -> ProgressBar {
    let style = ProgressBar.Style.ofStandardError()
    if case .lines = style {
      ProgressBar.toStandardError(
        "xling: hashing the contents of \(TerminalText.visible(folder)): \(done) of \(total) files; "
          + "they are remembered\n")
    }
    return ProgressBar("hash contents", total: total, startingAt: done, unit: "files", style: style)
  }

  /// The mark is nil where a change might go unseen.
  private static func hash(_ path: String) throws -> (digest: String, mark: FileMark?) {
    // A FIFO would wait for somebody who writes into it.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw failure(path, errno) }
    defer { close(descriptor) }
    let before = FileMark(descriptor: descriptor)
    guard let before else {
      throw FileFailure.cannotRead(path: path, reason: "it is no file")
    }
    let digest = Digest()
    let size = 1 << 18
    try withUnsafeTemporaryAllocation(byteCount: size, alignment: 64) { block in
      while true {
        let count = read(descriptor, block.baseAddress, size)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw failure(path, errno) }
        if count == 0 { return }
        digest.update(UnsafeRawBufferPointer(rebasing: block[..<count]))
      }
    }
    let after = FileMark(descriptor: descriptor)
    let isSettled = after == before && before.isSettled(at: FileMark.now())
    return (digest.hexadecimal(), isSettled ? before : nil)
  }

  private static func failure(_ path: String, _ code: Int32) -> FileFailure {
    .cannotRead(path: path, reason: String(cString: strerror(code)))
  }
}

import Dispatch

/// Encodes many texts at a time on several threads, each with a session of its own that lives as
/// long as the encoder: word caches and buffers are warm from the second batch on.
public final class BatchEncoder {
  public let tokenizer: any Tokenizer
  private let sessions: [any TokenizerSession]

  /// Texts that a thread takes at a time.
  private static let stretch = 64

  public init(_ tokenizer: any Tokenizer, threads: Int = 1) {
    precondition(threads >= 1, "encoding needs a thread")
    self.tokenizer = tokenizer
    sessions = (0..<threads).map { _ in tokenizer.session(cached: true) }
  }

  /// Afterwards `encodings` holds one entry a text; buffers that were there are reused. The result
  /// does not depend on the number of threads.
  public func encode(
    _ texts: [UnsafeRawBufferPointer], offsets: OffsetUnit = .scalars,
    into encodings: inout [Encoding]
  ) {
    if encodings.count > texts.count { encodings.removeLast(encodings.count - texts.count) }
    while encodings.count < texts.count { encodings.append(Encoding()) }
    let stretches = (texts.count + Self.stretch - 1) / Self.stretch
    let workers = min(sessions.count, stretches)
    encodings.withUnsafeMutableBufferPointer { encodings in
      let work = Work(texts: texts, encodings: encodings, sessions: sessions)
      if workers <= 1 { return work.encode(worker: 0, of: 1, offsets) }
      DispatchQueue.concurrentPerform(iterations: workers) { worker in
        work.encode(worker: worker, of: workers, offsets)
      }
    }
  }

  /// Every worker has a session of its own and writes the entries of its own stretches only, while
  /// the caller waits: that is what makes sharing it sound.
  private struct Work: @unchecked Sendable {
    let texts: [UnsafeRawBufferPointer]
    let encodings: UnsafeMutableBufferPointer<Encoding>
    let sessions: [any TokenizerSession]

    /// Stretches go to workers in turn: neighbours are often of one language and length.
    func encode(worker: Int, of workers: Int, _ offsets: OffsetUnit) {
      let session = sessions[worker]
      var start = worker * BatchEncoder.stretch
      while start < texts.count {
        for at in start..<min(texts.count, start + BatchEncoder.stretch) {
          session.encode(texts[at], offsets: offsets, into: &encodings[at])
        }
        start += workers * BatchEncoder.stretch
      }
    }
  }
}

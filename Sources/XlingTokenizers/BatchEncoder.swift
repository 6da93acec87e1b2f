import Dispatch
import Synchronization

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
    let limit = WordCache.limit(threads: threads)
    sessions = (0..<threads).map { _ in tokenizer.session(cacheLimit: limit) }
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
    texts.withUnsafeBufferPointer { texts in
      encodings.withUnsafeMutableBufferPointer { encodings in
        let work = Work(texts: texts, encodings: encodings, sessions: sessions, offsets: offsets)
        // Whoever is free takes the next stretch: a thread whose core has other work does less.
        let next = Atomic<Int>(0)
        let encode = { @Sendable (worker: Int) in
          while true {
            let stretch = next.wrappingAdd(1, ordering: .relaxed).oldValue
            if stretch >= stretches { return }
            work.encode(stretch, worker: worker)
          }
        }
        if workers <= 1 { return encode(0) }
        DispatchQueue.concurrentPerform(iterations: workers, execute: encode)
      }
    }
  }

  /// Every worker has a session of its own and writes the entries of its own stretches only, while
  /// the caller waits: that is what makes sharing it sound.
  private struct Work: @unchecked Sendable {
    let texts: UnsafeBufferPointer<UnsafeRawBufferPointer>
    let encodings: UnsafeMutableBufferPointer<Encoding>
    let sessions: [any TokenizerSession]
    let offsets: OffsetUnit

    func encode(_ stretch: Int, worker: Int) {
      let session = sessions[worker]
      let start = stretch * BatchEncoder.stretch
      for at in start..<min(texts.count, start + BatchEncoder.stretch) {
        session.encode(texts[at], offsets: offsets, into: &encodings[at])
      }
    }
  }
}

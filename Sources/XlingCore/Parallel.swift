import Dispatch
import Foundation
import Synchronization

/// Threads of this process: `--threads`, else `XLING_THREADS`, else the machine's cores.
public enum Parallel {
  /// Set once at start-up, before any work.
  nonisolated(unsafe) public private(set) static var threads: Int = defaultThreads()

  public static func setThreads(_ count: Int) { threads = max(1, count) }

  /// Fewer threads where there is no memory for more; results do not depend on their number.
  public static func limitThreads(to count: Int) { threads = max(1, min(threads, count)) }

  private static func defaultThreads() -> Int {
    if let text = ProcessInfo.processInfo.environment["XLING_THREADS"], let count = Int(text) {
      return max(1, count)
    }
    return ProcessInfo.processInfo.activeProcessorCount
  }

  /// Runs `body` for contiguous ranges that cover 0..<count, one range a thread at a time. Ranges
  /// depend on `count` and `grain` only, never on the number of threads, so sums that stay inside
  /// one range have the same bits on every machine size.
  public static func ranges(_ count: Int, grain: Int, _ body: (Range<Int>) -> Void) {
    let chunks = (count + grain - 1) / max(1, grain)
    guard threads > 1, chunks > 1 else {
      for chunk in 0..<chunks { body(chunk * grain..<min(count, (chunk + 1) * grain)) }
      return
    }
    withoutActuallyEscaping(body) { body in
      let work = Work(body: body)
      // Whoever is free takes the next range: a thread whose core has other work does less.
      let next = Atomic<Int>(0)
      DispatchQueue.concurrentPerform(iterations: min(threads, chunks)) { _ in
        while true {
          let chunk = next.wrappingAdd(1, ordering: .relaxed).oldValue
          guard chunk < chunks else { return }
          work.body(chunk * grain..<min(count, (chunk + 1) * grain))
        }
      }
    }
  }

  /// The closure crosses threads while its caller waits: that is what makes this sound.
  private struct Work: @unchecked Sendable { let body: (Range<Int>) -> Void }
}

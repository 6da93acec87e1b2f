import Dispatch
import Foundation

/// Threads of this process: `--threads`, else `XLING_THREADS`, else the machine's cores.
public enum Parallel {
  /// Set once at start-up, before any work.
  nonisolated(unsafe) public private(set) static var threads: Int = defaultThreads()

  public static func setThreads(_ count: Int) { threads = max(1, count) }

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
      // Static striding: `threads` workers, chunk i goes to worker i % threads.
      let workers = min(threads, chunks)
      DispatchQueue.concurrentPerform(iterations: workers) { worker in
        var chunk = worker
        while chunk < chunks {
          work.body(chunk * grain..<min(count, (chunk + 1) * grain))
          chunk += workers
        }
      }
    }
  }

  /// The closure crosses threads while its caller waits: that is what makes this sound.
  private struct Work: @unchecked Sendable { let body: (Range<Int>) -> Void }
}

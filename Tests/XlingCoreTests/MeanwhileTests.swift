import Foundation
import Synchronization
import Testing
import XlingCore

struct MeanwhileTests {
  private final class Done: Sendable { let flag = Atomic<Bool>(false) }
  private struct Stop: Error {}

  /// An error leaves its owner before the value is asked for; the process may end right behind.
  @Test func workDoesNotOutliveItsOwner() {
    let done = Done()
    func fail() throws -> Int {
      let work = Meanwhile {
        usleep(30_000)
        done.flag.store(true, ordering: .releasing)
        return 1
      }
      if done.flag.load(ordering: .acquiring) { return work.value }
      throw Stop()
    }
    #expect(throws: Stop.self) { try fail() }
    let isDone = done.flag.load(ordering: .acquiring)
    #expect(isDone)
  }
}
